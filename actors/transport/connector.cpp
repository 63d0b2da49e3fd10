#include "actors/transport/connector.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

#include "actors/transport/hello_frames.hpp"

namespace troupe::transport {

namespace {

constexpr std::size_t header_size = sizeof(wire::frame_header);
constexpr unsigned questions_max = 8;
constexpr std::chrono::milliseconds queue_full_pause{10};

std::string host_of(const address& where) {
  auto* tcp = std::get_if<tcp_address>(&where);
  return tcp ? tcp->host : std::string();
}

std::string advice(int code) {
  if (code == ECONNREFUSED || code == ENOENT)
    return "; nobody listens there: is it running, and is the address right?";
  if (code == EHOSTUNREACH || code == ENETUNREACH)
    return "; there is no way to that host from here";
  return "";
}

}  // namespace

connector::connector(caf::actor_system& actors, std::shared_ptr<const session_context> context,
                     security_policy security)
    : actors_(actors),
      context_(std::move(context)),
      security_(std::move(security)),
      thread_([this] { run(); }) {}

connector::~connector() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  board_->wake.wake();
  thread_.join();
  take_new();
  for (auto& [number, one] : attempts_)
    fail(one, {errc::cancelled, "not connected to " + to_string(one.where) + ": we are ending"});
}

void connector::add(std::uint64_t request, address where, hello who, caf::actor owner) {
  attempt made;
  made.request = request;
  made.where = std::move(where);
  made.who = std::move(who);
  made.owner = std::move(owner);
  made.deadline = clock::now() + context_->options.connect_timeout;
  std::lock_guard lock(mutex_);
  new_.push_back(std::move(made));
  board_->wake.wake();
}

void connector::run() {
  for (;;) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    take_new();
    take_answers();
    int patience = -1;
    auto polled = wanted(patience);
    ::poll(polled.data(), polled.size(), patience);
    board_->wake.drain();
    auto now = clock::now();
    auto entry = polled.begin() + 1;
    for (auto it = attempts_.begin(); it != attempts_.end(); ++entry) {
      auto next = entry->revents ? step(it->second) : verdict::keep;
      if (next == verdict::keep) next = timed(it->second, now);
      it = next == verdict::drop ? attempts_.erase(it) : std::next(it);
    }
  }
}

std::vector<pollfd> connector::wanted(int& patience) const {
  std::vector<pollfd> all{{board_->wake.fd(), POLLIN, 0}};
  std::optional<clock::time_point> wake_by;
  auto by = [&](std::optional<clock::time_point> time) {
    if (time) wake_by = wake_by ? std::min(*wake_by, *time) : *time;
  };
  for (auto& [number, one] : attempts_) {
    // poll() skips negative numbers.
    all.push_back({one.retry ? -1 : one.fd.get(), one.events, 0});
    by(one.deadline);
    by(one.give_up_name);
    by(one.retry);
  }
  if (wake_by) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(*wake_by - clock::now()).count();
    patience = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }
  return all;
}

void connector::take_new() {
  std::vector<attempt> fresh;
  {
    std::lock_guard lock(mutex_);
    fresh.swap(new_);
  }
  for (auto& one : fresh)
    start(std::move(one));
}

void connector::start(attempt one) {
  if (auto* tcp = std::get_if<tcp_address>(&one.where)) {
    if (context_->options.local_sockets && security_.may_shorten())
      one.fd = connect_to_twin(to_string(one.where));
    if (one.fd) {
      if (begin(one) == verdict::keep) attempts_.emplace_back(++last_, std::move(one));
      return;
    }
    auto names = resolve_numeric(*tcp);
    one.names.assign(names.begin(), names.end());
    if (names.empty()) {
      ask(board_, ++last_, *tcp);
      attempts_.emplace_back(last_, std::move(one));
      return;
    }
  } else {
    auto name = unix_name(std::get<unix_address>(one.where));
    if (!name) {
      fail(one, name.error());
      return;
    }
    one.names.push_back(*name);
  }
  if (try_next(one) == verdict::keep) attempts_.emplace_back(++last_, std::move(one));
}

void connector::ask(const std::shared_ptr<name_board>& board, std::uint64_t number,
                    tcp_address where) {
  {
    std::lock_guard lock(board->mutex);
    if (board->asking >= questions_max) {
      board->waiting.emplace_back(number, std::move(where));
      return;
    }
    ++board->asking;
  }
  std::thread([board, number, where]() mutable {
    for (;;) {
      auto names = resolve(where);
      std::lock_guard lock(board->mutex);
      board->answers.push_back({number, std::move(names)});
      board->wake.wake();
      if (board->waiting.empty()) {
        --board->asking;
        return;
      }
      number = board->waiting.front().first;
      where = std::move(board->waiting.front().second);
      board->waiting.pop_front();
    }
  }).detach();
}

void connector::take_answers() {
  std::vector<answer> answers;
  {
    std::lock_guard lock(board_->mutex);
    answers.swap(board_->answers);
  }
  for (auto& one : answers) {
    auto found = std::find_if(attempts_.begin(), attempts_.end(),
                              [&](auto& it) { return it.first == one.attempt; });
    if (found == attempts_.end()) continue;  // It ran out of time.
    auto& waiting = found->second;
    auto next = verdict::drop;
    if (one.names) {
      waiting.names.assign(one.names->begin(), one.names->end());
      next = try_next(waiting);
    } else {
      fail(waiting, one.names.error());
    }
    if (next == verdict::drop) attempts_.erase(found);
  }
}

connector::verdict connector::timed(attempt& one, clock::time_point now) {
  if (now >= one.deadline) return fail(one, no_answer(one));
  if (one.retry && now >= *one.retry) {
    one.retry.reset();
    return try_next(one);
  }
  if (one.give_up_name && now >= *one.give_up_name) {
    one.last = no_answer(one);
    return try_next(one);
  }
  return verdict::keep;
}

error connector::no_answer(const attempt& one) const {
  auto seconds = std::chrono::duration<double>(context_->options.connect_timeout).count();
  auto text = "no answer from " + to_string(one.where) + " within network.connect_timeout (" +
              std::to_string(seconds).substr(0, 5) + " s)";
  if (one.at == stage::naming) text += ": its name was not found yet";
  if (one.at == stage::connecting) text += ": is the host up, and does a firewall let us through?";
  if (one.at >= stage::securing)
    text += ": something listens there, but it does not speak; is it a troupe process?";
  return {errc::timeout, text};
}

connector::verdict connector::step(attempt& one) {
  switch (one.at) {
    case stage::naming:
      return verdict::keep;
    case stage::connecting:
      return finish_connect(one);
    case stage::securing:
      return secure(one);
    case stage::greeting:
      return send_hello(one);
    case stage::listening:
      return listen(one);
  }
  return verdict::drop;
}

connector::verdict connector::try_next(attempt& one) {
  while (!one.names.empty()) {
    auto name = one.names.front();
    one.names.pop_front();
    // Each name gets its share of the time, so that one dead address does not eat all of it.
    one.give_up_name.reset();
    if (!one.names.empty()) {
      auto left = one.deadline - clock::now();
      one.give_up_name = clock::now() + left / static_cast<long>(one.names.size() + 1);
    }
    one.last.code = errc::ok;
    if (open(one, name) == verdict::keep) return verdict::keep;
    if (one.last.code == errc::ok) return verdict::drop;  // It has been answered.
  }
  return fail(one, one.last);
}

/// Drops with one.last set if another name may do better.
connector::verdict connector::open(attempt& one, const socket_name& name) {
  one.io = {};
  one.fd = socket_fd(::socket(name.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  one.at = stage::connecting;
  one.events = POLLOUT;
  if (name.family() != AF_UNIX)
    if (auto good = set_congestion(one.fd.get(), context_->options.congestion); !good) {
      one.last = good.error();
      return verdict::drop;
    }
  if (!one.fd || ::connect(one.fd.get(), name.get(), name.size) != 0) {
    int code = errno;
    if (code == EINPROGRESS) return verdict::keep;
    if (code == EAGAIN && name.family() == AF_UNIX) {
      one.names.push_front(name);
      one.retry = clock::now() + queue_full_pause;
      return verdict::keep;
    }
    one.last = {errc::connection_failed, "cannot connect to " + to_string(one.where) + ": " +
                                             system_words(code) + advice(code)};
    return verdict::drop;
  }
  return begin(one);
}

connector::verdict connector::finish_connect(attempt& one) {
  int code = 0;
  socklen_t size = sizeof code;
  ::getsockopt(one.fd.get(), SOL_SOCKET, SO_ERROR, &code, &size);
  if (code != 0) {
    one.last = {errc::connection_failed, "cannot connect to " + to_string(one.where) + ": " +
                                             system_words(code) + advice(code)};
    return try_next(one);
  }
  return begin(one);
}

connector::verdict connector::begin(attempt& one) {
  one.give_up_name.reset();
  set_no_delay(one.fd.get());
  auto secure_by = security_.for_connection(peer_name_of(one.fd.get()));
  if (!secure_by)
    return fail(one, {secure_by.error().code, "cannot connect to " + to_string(one.where) + ": " +
                                                  secure_by.error().message});
  one.io =
      channel(one.fd.get(),
              *secure_by ? (*secure_by)->client_side(one.fd.get(), host_of(one.where)) : nullptr);
  one.at = stage::securing;
  return secure(one);
}

connector::verdict connector::secure(attempt& one) {
  auto state = one.io.handshake();
  if (state == io_state::want_read || state == io_state::want_write) return wait_for(one, state);
  if (state != io_state::done)
    return fail(one, {errc::refused, "cannot connect to " + to_string(one.where) + " by TLS: " +
                                         handshake_trouble(one.io.ssl(), one.io.trouble())});
  if (one.io.secure() && !speaks_troupe(one.io.ssl()))
    return fail(one, {errc::refused, "cannot connect to " + to_string(one.where) +
                                         ": it speaks TLS but not troupe (no ALPN troupe/1)"});
  one.who.version = protocol_version;
  one.who.token = security_.token().reveal();  // To whom it belongs: the cluster.
  one.buffer = hello_frame(one.who);
  one.who.token.clear();
  one.done = 0;
  one.at = stage::greeting;
  return send_hello(one);
}

connector::verdict connector::send_hello(attempt& one) {
  while (one.done < one.buffer.size()) {
    auto sent = one.io.write(std::span<const std::byte>(one.buffer).subspan(one.done));
    // Whoever closes early may have said why: listen before giving up.
    if (sent.state == io_state::closed || sent.state == io_state::failed) break;
    if (sent.state != io_state::done) return wait_for(one, sent.state);
    one.done += sent.size;
  }
  one.buffer.clear();
  one.done = 0;
  one.at = stage::listening;
  one.events = POLLIN;
  return listen(one);
}

connector::verdict connector::listen(attempt& one) {
  auto where = to_string(one.where);
  for (;;) {
    std::size_t size = header_size;
    if (one.done >= header_size) {
      auto header = header_of(one.buffer);
      auto kind = static_cast<wire::frame_kind>(header.kind);
      size += std::size_t{header.words} * 8;
      if (looks_like_tls(one.buffer))
        return fail(one, {errc::refused, "cannot connect to " + where +
                                             ": it speaks TLS, and plain text was tried; set "
                                             "security.mode = \"auto\" and the certificate files"});
      bool known = kind == wire::frame_kind::heartbeat ? header.words == 0
                                                       : kind == wire::frame_kind::refusal;
      if (!known || size > context_->options.hello_max)
        return fail(one, {errc::refused,
                          "cannot connect to " + where + ": what answers there is not troupe"});
      if (one.done == size && kind == wire::frame_kind::heartbeat) return hand_over(one);
      if (one.done == size) {
        auto why = wire::decode_refusal(
            bytes::copy(std::span<const std::byte>(one.buffer).subspan(header_size)));
        why.message = where + " refused the connection: " + why.message;
        return fail(one, std::move(why));
      }
    }
    one.buffer.resize(size);
    auto got = one.io.read(std::span(one.buffer).subspan(one.done));
    if (got.state == io_state::want_read || got.state == io_state::want_write)
      return wait_for(one, got.state);
    if (got.state != io_state::done) {
      auto& trouble = one.io.trouble();
      if (one.io.secure() && !trouble.empty())
        return fail(one, {errc::refused, "cannot connect to " + where + " by TLS: " +
                                             handshake_trouble(one.io.ssl(), trouble)});
      return fail(one,
                  {errc::connection_failed, where + " closed the connection without an answer" +
                                                (trouble.empty() ? "" : " (" + trouble + ")") +
                                                ": is it a troupe process, and is it ending?"});
    }
    one.done += got.size;
  }
}

connector::verdict connector::hand_over(attempt& one) {
  session_setup setup;
  setup.early.resize(one.io.pending());
  if (!setup.early.empty()) setup.early.resize(one.io.read(setup.early).size);
  setup.kinds = kinds_to(one.who.as);
  setup.peer = to_string(one.where);
  setup.fd = std::move(one.fd);
  setup.io = std::move(one.io);
  setup.owner = one.owner;
  setup.request = one.request;
  spawn_session(actors_, context_, std::move(setup));
  return verdict::drop;
}

connector::verdict connector::wait_for(attempt& one, io_state state) {
  one.events = state == io_state::want_read ? POLLIN : POLLOUT;
  return verdict::keep;
}

connector::verdict connector::fail(attempt& one, error why) {
  caf::anon_send(one.owner, connect_failed{one.request, std::move(why)});
  return verdict::drop;
}

}  // namespace troupe::transport
