#include "actors/transport/acceptor.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "actors/transport/hello_frames.hpp"
#include "serialization/release.hpp"

namespace troupe::transport {

namespace {

constexpr std::size_t header_size = sizeof(wire::frame_header);
constexpr std::chrono::milliseconds rest{100};

}  // namespace

acceptor::acceptor(caf::actor_system& actors, std::shared_ptr<const session_context> context,
                   security_policy security)
    : actors_(actors),
      context_(std::move(context)),
      security_(std::move(security)),
      thread_([this] { run(); }) {}

acceptor::~acceptor() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  waker_.wake();
  thread_.join();
  for (auto& [number, open] : doors_)
    if (!open->socket.unix_path.empty()) ::unlink(open->socket.unix_path.c_str());
}

void acceptor::add(std::uint64_t number, bound_socket socket, caf::actor owner) {
  auto made = std::make_shared<const door>(door{std::move(socket), std::move(owner)});
  std::lock_guard lock(mutex_);
  doors_.emplace(number, std::move(made));
  waker_.wake();
}

void acceptor::remove(std::uint64_t number) {
  std::lock_guard lock(mutex_);
  const auto [first, last] = doors_.equal_range(number);
  for (auto at = first; at != last; ++at) {
    const auto& socket = at->second->socket;
    if (!socket.unix_path.empty()) ::unlink(socket.unix_path.c_str());
    // At once: the thread that polls it holds it a moment longer.
    ::shutdown(socket.fd.get(), SHUT_RDWR);
  }
  doors_.erase(first, last);
  waker_.wake();
}

void acceptor::run() {
  for (;;) {
    int patience = -1;
    auto polled = wanted(patience);
    if (polled.empty()) return;
    ::poll(polled.data(), polled.size(), patience);
    waker_.drain();
    // The order is that of wanted(): waker, handshakes, doors. What is added now comes after.
    auto entry = polled.begin() + 1;
    auto now = clock::now();
    for (auto it = handshakes_.begin(); it != handshakes_.end() && entry != polled.end(); ++entry) {
      bool over = now >= it->deadline;
      if (over && (it->at == stage::securing || it->at == stage::reading))
        context_->log->warn("no hello in time peer={}", it->peer);
      if (over || (entry->revents && step(*it) == verdict::drop))
        it = handshakes_.erase(it);
      else
        ++it;
    }
    for (std::size_t i = 0; entry != polled.end(); ++entry, ++i)
      if (entry->revents) accept_all(*polled_doors_[i]);
  }
}

std::vector<pollfd> acceptor::wanted(int& patience) {
  std::vector<pollfd> all{{waker_.fd(), POLLIN, 0}};
  std::optional<clock::time_point> wake_by;
  auto by = [&](clock::time_point time) { wake_by = wake_by ? std::min(*wake_by, time) : time; };
  for (auto& one : handshakes_) {
    all.push_back({one.fd.get(), one.events, 0});
    by(one.deadline);
  }
  bool resting = clock::now() < rest_until_;
  if (resting) by(rest_until_);
  std::lock_guard lock(mutex_);
  if (stopping_) return {};
  polled_doors_.clear();
  for (auto& [number, open] : doors_) {
    if (resting) break;
    polled_doors_.push_back(open);
    all.push_back({open->socket.fd.get(), POLLIN, 0});
  }
  if (wake_by) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(*wake_by - clock::now()).count();
    patience = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }
  return all;
}

void acceptor::accept_all(const door& from) {
  // Bounded, so that a flood of connections does not keep handshakes waiting.
  for (int i = 0; i < 64; ++i) {
    int fd = ::accept4(from.socket.fd.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      admit(fd, from);
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      context_->log->warn("cannot accept why=\"{}\" open={}", system_words(errno),
                          context_->connections->count());
      rest_until_ = clock::now() + rest;
    }
    if (errno != ECONNABORTED && errno != EINTR) return;
  }
}

void acceptor::admit(int fd, const door& from) {
  socket_fd socket(fd);
  set_no_delay(fd);
  // A Unix socket without a file has no permissions.
  if (local_name_of(fd).family() == AF_UNIX && from.socket.unix_path.empty() && !same_user(fd))
    return;
  auto secure = security_.for_connection(local_name_of(fd));
  // Only if it listens where it may not: may_listen() was asked before.
  if (!secure) return;
  if (handshakes_.size() >= context_->options.handshakes_max) {
    if (handshakes_.front().at != stage::draining)
      context_->log->warn("too many unfinished hellos, dropped peer={}", handshakes_.front().peer);
    handshakes_.pop_front();
  }
  handshake made;
  made.io = channel(fd, *secure ? (*secure)->server_side(fd) : nullptr);
  made.fd = std::move(socket);
  made.peer = describe(peer_name_of(fd));
  made.owner = from.owner;
  made.deadline = clock::now() + context_->options.handshake_timeout;
  handshakes_.push_back(std::move(made));
}

acceptor::verdict acceptor::step(handshake& one) {
  switch (one.at) {
    case stage::securing:
      return secure(one);
    case stage::reading:
      return read_hello(one);
    case stage::refusing:
      return send_refusal(one);
    case stage::draining:
      return drain(one);
  }
  return verdict::drop;
}

acceptor::verdict acceptor::secure(handshake& one) {
  auto state = one.io.handshake();
  if (state == io_state::want_read || state == io_state::want_write) {
    one.events = state == io_state::want_read ? POLLIN : POLLOUT;
    return verdict::keep;
  }
  if (state == io_state::done) {
    if (one.io.secure() && !speaks_troupe(one.io.ssl())) {
      context_->log->warn("refused peer={} why=\"no ALPN troupe/1\"", one.peer);
      return verdict::drop;
    }
    one.at = stage::reading;
    one.events = POLLIN;
    return read_hello(one);
  }
  auto& trouble = one.io.trouble();
  bool plain = trouble == "wrong version number" || trouble == "http request";
  if (!plain) {
    context_->log->warn("refused peer={} why=\"TLS: {}\"", one.peer,
                        trouble.empty() ? "closed" : trouble);
    return verdict::drop;
  }
  // Whoever spoke plain text is told so in plain text.
  one.io = channel(one.fd.get(), nullptr);
  return refuse(one, {errc::refused,
                      "this address takes TLS connections only: set security.ca, "
                      "security.certificate and security.key to the cluster's files, and leave "
                      "security.mode = \"auto\""});
}

acceptor::verdict acceptor::read_hello(handshake& one) {
  for (;;) {
    std::size_t size = header_size;
    if (one.done >= header_size) {
      auto header = header_of(one.buffer);
      size += std::size_t{header.words} * 8;
      if (looks_like_tls(one.buffer))
        return refuse(one, {errc::refused, "this address speaks plain text, and TLS came"});
      if (header.kind != static_cast<std::uint16_t>(wire::frame_kind::hello) || header.words == 0 ||
          header.flags != 0)
        return refuse(one,
                      {errc::bad_bytes, "this is a troupe address, and what came is no hello"});
      if (size > context_->options.hello_max)
        return refuse(
            one, {errc::bad_bytes, "the hello is larger than network.hello_max, " +
                                       std::to_string(context_->options.hello_max) + " bytes"});
      if (one.done == size) return judge(one);
    }
    // Grows with what really comes, not with what the header says.
    one.buffer.resize(std::min(size, one.done + 4096));
    auto got = one.io.read(std::span(one.buffer).subspan(one.done));
    if (got.state == io_state::want_read || got.state == io_state::want_write) {
      one.events = got.state == io_state::want_read ? POLLIN : POLLOUT;
      return verdict::keep;
    }
    if (got.state != io_state::done) return verdict::drop;
    one.done += got.size;
  }
}

acceptor::verdict acceptor::judge(handshake& one) {
  auto body = bytes::copy(std::span<const std::byte>(one.buffer).subspan(header_size));
  auto decoded = wire::decode_hello(body);
  if (!decoded)
    return refuse(one, {errc::bad_bytes, "the hello cannot be read: " + decoded.error().message});
  auto why = wrong_hello(*decoded);
  if (why.code != errc::ok) return refuse(one, std::move(why));
  if (context_->connections->count() >= context_->options.connections_max)
    return refuse(one, {errc::resource, "there are network.connections_max = " +
                                            std::to_string(context_->options.connections_max) +
                                            " connections here already"});
  auto who = std::make_shared<hello>(*std::move(decoded));
  who->token.clear();
  hand_over(one, std::move(who));
  return verdict::drop;
}

error acceptor::wrong_hello(const hello& who) const {
  if (who.version != protocol_version)
    return {errc::refused, "this is troupe " + release() + " with protocol version " +
                               std::to_string(protocol_version) + ", and the hello came from " +
                               who.release + " with version " + std::to_string(who.version) +
                               ": install the same release everywhere"};
  if (!(secret(who.token) == security_.token()))
    return {errc::refused,
            "the token is another one than this cluster's: processes of one user share "
            "~/.config/troupe/token; for others set security.token or security.token_file"};
  if (who.as != role::client && who.as != role::worker && who.as != role::observer)
    return {errc::refused, "nothing is known here for that role"};
  return {};
}

void acceptor::hand_over(handshake& one, std::shared_ptr<const hello> who) {
  session_setup setup;
  setup.early.resize(one.io.pending());
  if (!setup.early.empty()) setup.early.resize(one.io.read(setup.early).size);
  setup.kinds = kinds_from(who->as);
  setup.fd = std::move(one.fd);
  setup.io = std::move(one.io);
  setup.peer = one.peer;
  setup.owner = one.owner;
  setup.who = std::move(who);
  spawn_session(actors_, context_, std::move(setup));
}

acceptor::verdict acceptor::refuse(handshake& one, error why) {
  context_->log->warn("refused peer={} why=\"{}\"", one.peer, why.message);
  one.buffer = refusal_frame(why);
  one.done = 0;
  one.at = stage::refusing;
  return send_refusal(one);
}

acceptor::verdict acceptor::send_refusal(handshake& one) {
  while (one.done < one.buffer.size()) {
    auto sent = one.io.write(std::span<const std::byte>(one.buffer).subspan(one.done));
    if (sent.state == io_state::want_read || sent.state == io_state::want_write) {
      one.events = sent.state == io_state::want_read ? POLLIN : POLLOUT;
      return verdict::keep;
    }
    if (sent.state != io_state::done) return verdict::drop;
    one.done += sent.size;
  }
  // Closing with unread bytes would make the kernel throw the refusal away.
  ::shutdown(one.fd.get(), SHUT_WR);
  one.at = stage::draining;
  one.events = POLLIN;
  return drain(one);
}

acceptor::verdict acceptor::drain(handshake& one) {
  std::byte waste[4096];
  // As the plain socket: what comes is not looked at. Bounded, for somebody who never stops.
  for (int i = 0; i < 16; ++i) {
    auto got = ::recv(one.fd.get(), waste, sizeof waste, 0);
    if (got > 0 || (got < 0 && errno == EINTR)) continue;
    return got < 0 && errno == EAGAIN ? verdict::keep : verdict::drop;
  }
  return verdict::keep;
}

}  // namespace troupe::transport
