// A task system that does nothing: client, relay, two workers.
#include <algorithm>
#include <array>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "bench/limits.hpp"

namespace bench::limits {

namespace {

constexpr std::size_t message_size = 64;

/// A socket with what could not be written yet and what is not a whole message yet.
struct peer {
  explicit peer(int of) : fd(of), in(chunk_size) {}

  /// What is new, and what was left, up to the last whole message.
  std::size_t fill() {
    const auto n = recv(fd, in.data() + left, in.size() - left, MSG_DONTWAIT);
    if (n == 0) _exit(0);
    if (n > 0) left += static_cast<std::size_t>(n);
    return left / message_size * message_size;
  }

  void take(std::size_t whole) {
    std::memmove(in.data(), in.data() + whole, left - whole);
    left -= whole;
  }

  void flush() {
    const auto n = send(fd, out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) out.erase(out.begin(), out.begin() + n);
  }

  int fd;
  std::vector<char> in;
  std::size_t left = 0;
  std::vector<char> out = {};
};

/// From the client to the workers in turn, and from the workers to the client.
void relay(std::array<peer, 3> all) {
  std::size_t turn = 0;
  for (;;) {
    std::array<pollfd, 3> polls{};
    for (std::size_t i = 0; i < 3; ++i) {
      const bool full =
          i == 0 && (all[1].out.size() > 4 * chunk_size || all[2].out.size() > 4 * chunk_size);
      polls[i] = {all[i].fd,
                  static_cast<short>((full ? 0 : POLLIN) | (all[i].out.empty() ? 0 : POLLOUT)), 0};
    }
    need(poll(polls.data(), 3, -1) > 0, "poll");
    for (std::size_t i = 0; i < 3; ++i) {
      if (!(polls[i].revents & (POLLIN | POLLHUP))) continue;
      auto& from = all[i];
      const auto whole = from.fill();
      for (std::size_t at = 0; at < whole; at += message_size) {
        auto& to = i == 0 ? all[1 + turn++ % 2] : all[0];
        to.out.insert(to.out.end(), from.in.data() + at, from.in.data() + at + message_size);
      }
      from.take(whole);
    }
    for (auto& one : all)
      if (!one.out.empty()) one.flush();
  }
}

void echo(int fd) {
  std::vector<char> all(chunk_size);
  for (;;) {
    const auto n = read(fd, all.data(), all.size());
    if (n <= 0) return;
    write_all(fd, all.data(), static_cast<std::size_t>(n));
  }
}

/// Client, relay and two workers, until it ends.
class relayed {
public:
  explicit relayed(bool tcp)
      : client_(connected_pair(tcp)),
        first_(connected_pair(tcp)),
        second_(connected_pair(tcp)),
        workers_{{forked([this] { echo(keep(first_[1])); }),
                  forked([this] { echo(keep(second_[1])); })}},
        relay_([this] {
          close(client_[0]);
          close(first_[1]);
          close(second_[1]);
          relay({peer(client_[1]), peer(first_[0]), peer(second_[0])});
        }) {}

  int fd() const { return client_[0]; }

  bench::processes who() const {
    return {{"sched", {relay_.id()}},
            {"client", {getpid()}},
            {"worker", {workers_[0].id(), workers_[1].id()}}};
  }

private:
  /// Closes all others, so that an end that is closed is seen.
  int keep(int wanted) const {
    for (const auto& pair : {client_, first_, second_})
      for (const int fd : pair)
        if (fd != wanted) close(fd);
    return wanted;
  }

  using ends = std::array<int, 2>;

  ends client_, first_, second_;
  std::array<forked, 2> workers_;
  forked relay_;
};

}  // namespace

measurement relay_roundtrip(bool tcp, const nlohmann::json& p) {
  const relayed all(tcp);
  std::array<char, message_size> message{};
  std::vector<double> times;
  const auto once = [&] {
    const auto start = clock::now();
    write_all(all.fd(), message.data(), message.size());
    need(read_all(all.fd(), message.data(), message.size()), "read");
    return seconds_since(start) * 1e6;
  };
  for (int i = 0; i < 200; ++i)
    once();
  const meter m(all.who());
  for (int i = 0; i < p.at("n").get<int>(); ++i)
    times.push_back(once());
  auto found = m.stop();
  std::sort(times.begin(), times.end());
  found.values["p50_us"] = times[times.size() / 2];
  found.values["p99_us"] = times[times.size() * 99 / 100];
  return found;
}

measurement relay_map_noop(bool tcp, const nlohmann::json& p) {
  const relayed all(tcp);
  const auto total = p.at("n").get<std::size_t>() * message_size;
  std::vector<char> out(chunk_size), in(chunk_size);
  std::size_t sent = 0;
  std::size_t received = 0;
  const meter m(all.who());
  while (received < total) {
    pollfd one{all.fd(), static_cast<short>(POLLIN | (sent < total ? POLLOUT : 0)), 0};
    need(poll(&one, 1, -1) > 0, "poll");
    if (one.revents & POLLOUT) {
      const auto n = send(all.fd(), out.data(), std::min(out.size(), total - sent), MSG_DONTWAIT);
      if (n > 0) sent += static_cast<std::size_t>(n);
    }
    if (one.revents & POLLIN) {
      const auto n = recv(all.fd(), in.data(), in.size(), MSG_DONTWAIT);
      need(n != 0, "the relay has gone");
      if (n > 0) received += static_cast<std::size_t>(n);
    }
  }
  return m.stop(static_cast<double>(total / message_size));
}

}  // namespace bench::limits
