#pragma once

#include <cstdint>
#include <string>
#include <sys/socket.h>
#include <variant>
#include <vector>

#include <troupe/result.hpp>

#include "actors/transport/socket.hpp"

namespace troupe::transport {

/// "tcp://host:port"; the host without brackets.
struct tcp_address {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const tcp_address&, const tcp_address&) = default;
};

/// "unix:///run/x.sock".
struct unix_address {
  std::string path;

  friend bool operator==(const unix_address&, const unix_address&) = default;
};

/// "local://7": an actor of this process.
struct local_address {
  std::uint64_t number = 0;

  friend bool operator==(const local_address&, const local_address&) = default;
};

using address = std::variant<tcp_address, unix_address, local_address>;

result<address> parse_address(const std::string&);

/// The text that parse_address() takes; brackets around IPv6.
std::string to_string(const address&);

/// The same address with the host replaced by the one of that network interface, e.g. "ib0".
result<std::string> on_interface(const std::string& address, const std::string& interface);

/// A socket's name as the kernel has it.
struct socket_name {
  sockaddr_storage raw{};
  socklen_t size = 0;

  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&raw); }

  int family() const noexcept { return raw.ss_family; }
};

/// All socket names of a host. Numeric hosts are answered at once; for others it may ask the
/// network, and take long.
result<std::vector<socket_name>> resolve(const tcp_address&);

/// The numeric part of resolve(); no names if the host is not numeric.
std::vector<socket_name> resolve_numeric(const tcp_address&);

result<socket_name> unix_name(const unix_address&);

/// Nobody outside this machine can reach it: unix sockets, 127.0.0.0/8, ::1.
bool is_loopback(const socket_name&);

/// 0.0.0.0 or [::].
bool is_wildcard(const socket_name&);

std::uint16_t port_of(const socket_name&);

socket_name local_name_of(int fd);
socket_name peer_name_of(int fd);

/// "10.0.0.7:8786", "[::1]:8786" or "unix", for people.
std::string describe(const socket_name&);

/// An address under which other machines probably reach this one.
std::string own_host();

/// A listening socket, and the address that others are to use for it.
struct bound_socket {
  socket_fd fd;
  std::string address;
  std::string unix_path;  ///< To be removed at the end.
};

/// Binds and listens. A socket file that a dead process left is replaced, a live one is an error.
result<bound_socket> bind_and_listen(const address&);

/// The name of the Unix socket, without a file, on which who listens on that tcp:// address can be
/// reached by processes of its machine too. Such names belong to a network namespace, as addresses
/// do, so whoever finds the socket would reach the same process by TCP. Empty: the address is too
/// long.
socket_name twin_name(const std::string& tcp_address);

/// Listens there. No descriptor if somebody else does: then there is TCP.
bound_socket listen_on_twin(const std::string& tcp_address);

/// A connection to whoever of our user listens there. No descriptor if nobody does.
socket_fd connect_to_twin(const std::string& tcp_address);

/// Whether a process of our user is at the other end of a Unix socket.
bool same_user(int fd);

/// Whether listening there makes us reachable from other machines.
result<bool> beyond_loopback(const address&);

}  // namespace troupe::transport
