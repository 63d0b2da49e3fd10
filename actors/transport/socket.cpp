#include "actors/transport/socket.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

#include "serialization/check.hpp"

namespace troupe::transport {

socket_fd::~socket_fd() {
  if (fd_ >= 0) ::close(fd_);
}

io_state channel::handshake() {
  if (!ssl_) return io_state::done;
  ERR_clear_error();
  int returned = SSL_do_handshake(ssl_.get());
  if (returned == 1) return io_state::done;
  return outcome(returned).state;
}

transfer channel::read(std::span<std::byte> to) {
  if (ssl_) {
    ERR_clear_error();
    int limit = static_cast<int>(std::min<std::size_t>(to.size(), INT_MAX));
    return outcome(SSL_read(ssl_.get(), to.data(), limit));
  }
  auto got = ::recv(fd_, to.data(), to.size(), 0);
  if (got > 0) return {io_state::done, static_cast<std::size_t>(got)};
  if (got == 0) return {io_state::closed, 0};
  if (errno == EAGAIN || errno == EINTR) return {io_state::want_read, 0};
  trouble_ = system_words(errno);
  return {io_state::failed, 0};
}

transfer channel::write(std::span<const std::byte> from) {
  // One call must not keep the thread for long, so it is bounded.
  auto size = std::min<std::size_t>(from.size(), std::size_t{1} << 20);
  if (ssl_) {
    ERR_clear_error();
    return outcome(SSL_write(ssl_.get(), from.data(), static_cast<int>(size)));
  }
  auto sent = ::send(fd_, from.data(), size, MSG_NOSIGNAL);
  if (sent >= 0) return {io_state::done, static_cast<std::size_t>(sent)};
  if (errno == EAGAIN || errno == EINTR) return {io_state::want_write, 0};
  trouble_ = system_words(errno);
  return {io_state::failed, 0};
}

std::size_t channel::pending() const {
  return ssl_ ? static_cast<std::size_t>(std::max(0, SSL_pending(ssl_.get()))) : 0;
}

transfer channel::outcome(int returned) {
  if (returned > 0) return {io_state::done, static_cast<std::size_t>(returned)};
  int saved = errno;
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
      return {io_state::want_read, 0};
    case SSL_ERROR_WANT_WRITE:
      return {io_state::want_write, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {io_state::closed, 0};
    case SSL_ERROR_SYSCALL:
      if (saved != 0) trouble_ = system_words(saved);
      return {io_state::failed, 0};
    default:
      break;
  }
  auto code = ERR_peek_error();
  // The other side closed without saying goodbye in TLS: as good as any other close, since frames
  // carry their lengths.
  if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return {io_state::closed, 0};
  const char* reason = ERR_reason_error_string(code);
  trouble_ = reason ? reason : "TLS failed";
  return {io_state::failed, 0};
}

waker::waker() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  check(static_cast<bool>(event_), "an eventfd can be made");
}

void waker::wake() noexcept {
  std::uint64_t one = 1;
  // Fails only if it is full, and then the thread wakes anyway.
  [[maybe_unused]] auto written = ::write(event_.get(), &one, sizeof one);
}

void waker::drain() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] auto got = ::read(event_.get(), &count, sizeof count);
}

void set_no_delay(int fd) {
  int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

std::string system_words(int code) {
  return std::system_category().message(code);
}

}  // namespace troupe::transport
