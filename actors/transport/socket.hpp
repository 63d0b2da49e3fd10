#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <openssl/ssl.h>
#include <span>
#include <string>
#include <sys/uio.h>
#include <utility>
#include <vector>

#include <troupe/result.hpp>

namespace troupe::transport {

/// Owns a file descriptor.
class socket_fd {
public:
  socket_fd() noexcept = default;

  explicit socket_fd(int fd) noexcept : fd_(fd) {}

  socket_fd(socket_fd&& other) noexcept : fd_(other.release()) {}

  socket_fd& operator=(socket_fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  ~socket_fd();

  int get() const noexcept { return fd_; }

  int release() noexcept { return std::exchange(fd_, -1); }

  explicit operator bool() const noexcept { return fd_ >= 0; }

private:
  int fd_ = -1;
};

struct ssl_free {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};

using ssl_ptr = std::unique_ptr<SSL, ssl_free>;

/// How a non-blocking operation went. `want_*`: try again when the socket is ready for that.
enum class io_state : std::uint8_t { done, want_read, want_write, closed, failed };

struct transfer {
  io_state state = io_state::done;
  std::size_t size = 0;  ///< Bytes moved, if done.
};

/// A non-blocking socket, or TLS over one. Does not own the descriptor, which must outlive it.
class channel {
public:
  channel() = default;

  channel(int fd, ssl_ptr ssl) : fd_(fd), ssl_(std::move(ssl)) {}

  bool secure() const noexcept { return ssl_ != nullptr; }

  SSL* ssl() const noexcept { return ssl_.get(); }

  /// One step of the TLS handshake; done at once without TLS.
  io_state handshake();

  transfer read(std::span<std::byte>);
  transfer write(std::span<const std::byte>);

  /// Fills one after the other. Descriptors that come along on a Unix socket are appended to
  /// `files`; more than files_max at a time is a failure.
  transfer read(std::span<const iovec> to, std::vector<socket_fd>& files);

  /// `file` goes along, on a Unix socket; -1: none. With TLS, a call that did not end in `done` has
  /// to be repeated with the same bytes, or the same and more.
  transfer write(std::span<const iovec> from, int file = -1);

  static constexpr std::size_t files_max = 16;

  /// Decrypted bytes that read() gives without the socket becoming readable.
  std::size_t pending() const;

  /// Why the last operation failed, in words. Empty for a plain close.
  const std::string& trouble() const noexcept { return trouble_; }

private:
  transfer write_secure(std::span<const iovec>);
  transfer outcome(int returned);

  int fd_ = -1;
  ssl_ptr ssl_;
  std::string trouble_;
  std::vector<std::byte> gathered_;  ///< Small parts, for one TLS record.
};

/// Wakes a thread out of poll().
class waker {
public:
  waker();

  int fd() const noexcept { return event_.get(); }

  void wake() noexcept;
  void drain() noexcept;

private:
  socket_fd event_;
};

/// For sockets that carry frames: small ones must not wait for acknowledgements. No-op on unix.
void set_no_delay(int fd);

/// Chooses the kernel's congestion control for a TCP socket; empty: as the system has it.
result<void> set_congestion(int fd, const std::string& algorithm);

/// The words of errno.
std::string system_words(int code);

}  // namespace troupe::transport
