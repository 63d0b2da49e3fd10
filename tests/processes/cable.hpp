#pragma once

#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

namespace processes {

/// A way to a port of this machine that can be cut: what comes to its own address goes there.
class cable {
public:
  explicit cable(const std::string& to) {
    to_ = local(static_cast<std::uint16_t>(std::stoi(to.substr(to.rfind(':') + 1))));
    door_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto at = local(0);
    socklen_t size = sizeof at;
    REQUIRE(::bind(door_, reinterpret_cast<sockaddr*>(&at), size) == 0);
    REQUIRE(::listen(door_, 64) == 0);
    REQUIRE(::getsockname(door_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    address_ = "tcp://127.0.0.1:" + std::to_string(ntohs(at.sin_port));
    thread_ = std::thread([this] { carry(); });
  }

  ~cable() {
    ends_ = true;
    thread_.join();
    ::close(door_);
  }

  cable(const cable&) = delete;
  cable& operator=(const cable&) = delete;

  const std::string& address() const { return address_; }

  /// All connections that there are break.
  void cut() { cut_ = true; }

  int cuts() const { return cuts_; }

private:
  struct wire {
    int ends[2];
    bool broken = false;
  };

  static sockaddr_in local(std::uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
  }

  void carry() {
    while (!ends_) {
      std::vector<pollfd> watched{{door_, POLLIN, 0}};
      for (const auto& w : wires_)
        for (const int end : w.ends)
          watched.push_back({end, POLLIN, 0});
      ::poll(watched.data(), watched.size(), 5);
      std::size_t i = 1;
      for (auto& w : wires_)
        for (int k = 0; k < 2; ++k)
          if (watched[i++].revents != 0 && !forward(w.ends[k], w.ends[1 - k])) w.broken = true;
      const bool cut = cut_.exchange(false);
      cuts_ += cut && !wires_.empty();
      wires_.remove_if([&](const wire& w) { return (w.broken || cut) && hang_up(w); });
      if (watched[0].revents != 0) accept();
    }
    for (const auto& w : wires_)
      hang_up(w);
  }

  void accept() {
    wire w{{::accept(door_, nullptr, nullptr), ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}};
    if (::connect(w.ends[1], reinterpret_cast<sockaddr*>(&to_), sizeof to_) == 0)
      wires_.push_back(w);
    else
      hang_up(w);
  }

  static bool forward(int from, int to) {
    std::array<char, 65536> some{};
    const auto size = ::recv(from, some.data(), some.size(), MSG_DONTWAIT);
    for (ssize_t done = 0; done < size;) {
      const auto sent =
          ::send(to, some.data() + done, static_cast<std::size_t>(size - done), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      done += sent;
    }
    return size > 0;
  }

  static bool hang_up(const wire& w) {
    for (const int end : w.ends)
      ::close(end);
    return true;
  }

  sockaddr_in to_{};
  int door_ = -1;
  std::string address_;
  std::list<wire> wires_;
  std::atomic<bool> ends_ = false;
  std::atomic<bool> cut_ = false;
  std::atomic<int> cuts_ = 0;
  std::thread thread_;
};

}  // namespace processes
