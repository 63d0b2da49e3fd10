#include "actors/transport/socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

#include "serialization/check.hpp"

namespace troupe::transport {

namespace {

/// The largest piece that TLS encrypts at once.
constexpr std::size_t record_size = std::size_t{16} << 10;

void take_files(msghdr& message, std::vector<socket_fd>& files) {
  for (auto* head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
      files.emplace_back(fd);
    }
  }
}

}  // namespace

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
  const iovec part{to.data(), to.size()};
  std::vector<socket_fd> none;
  return read(std::span(&part, 1), none);
}

transfer channel::write(std::span<const std::byte> from) {
  const iovec part{const_cast<std::byte*>(from.data()), from.size()};
  return write(std::span(&part, 1));
}

transfer channel::read(std::span<const iovec> to, std::vector<socket_fd>& files) {
  if (ssl_) {
    ERR_clear_error();
    int limit = static_cast<int>(std::min<std::size_t>(to.front().iov_len, INT_MAX));
    return outcome(SSL_read(ssl_.get(), to.front().iov_base, limit));
  }
  alignas(cmsghdr) std::array<char, CMSG_SPACE(files_max * sizeof(int))> control;
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(to.data());
  message.msg_iovlen = to.size();
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  auto got = ::recvmsg(fd_, &message, MSG_CMSG_CLOEXEC);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {io_state::want_read, 0};
  if (got < 0) {
    trouble_ = system_words(errno);
    return {io_state::failed, 0};
  }
  take_files(message, files);
  if ((message.msg_flags & MSG_CTRUNC) != 0) {
    trouble_ = "it sent too many files at one time";
    return {io_state::failed, 0};
  }
  if (got == 0) return {io_state::closed, 0};
  return {io_state::done, static_cast<std::size_t>(got)};
}

transfer channel::write(std::span<const iovec> from, int file) {
  if (ssl_) return write_secure(from);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(from.data());
  message.msg_iovlen = from.size();
  if (file >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    auto* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof file);
    std::memcpy(CMSG_DATA(head), &file, sizeof file);
  }
  auto sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
  if (sent >= 0) return {io_state::done, static_cast<std::size_t>(sent)};
  // ETOOMANYREFS: this user has too many files on their way. They arrive.
  if (errno == EAGAIN || errno == EINTR || errno == ETOOMANYREFS) return {io_state::want_write, 0};
  trouble_ = system_words(errno);
  return {io_state::failed, 0};
}

transfer channel::write_secure(std::span<const iovec> from) {
  ERR_clear_error();
  const auto& first = from.front();
  if (first.iov_len >= record_size / 4 || from.size() == 1) {
    const auto size = std::min<std::size_t>(first.iov_len, INT_MAX);
    return outcome(SSL_write(ssl_.get(), first.iov_base, static_cast<int>(size)));
  }
  gathered_.clear();
  for (const auto& part : from) {
    const auto* start = static_cast<const std::byte*>(part.iov_base);
    const auto size = std::min(part.iov_len, record_size - gathered_.size());
    gathered_.insert(gathered_.end(), start, start + size);
    if (gathered_.size() == record_size) break;
  }
  return outcome(SSL_write(ssl_.get(), gathered_.data(), static_cast<int>(gathered_.size())));
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

result<void> set_congestion(int fd, const std::string& algorithm) {
  if (algorithm.empty() || ::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, algorithm.data(),
                                        static_cast<socklen_t>(algorithm.size())) == 0)
    return {};
  const int code = errno;
  std::ifstream file("/proc/sys/net/ipv4/tcp_allowed_congestion_control");
  std::string known;
  std::getline(file, known);
  return error{errc::bad_config, "cannot use network.congestion = \"" + algorithm +
                                     "\": " + system_words(code) + "; possible here: " + known};
}

std::string system_words(int code) {
  return std::system_category().message(code);
}

}  // namespace troupe::transport
