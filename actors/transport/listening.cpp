#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/transport/addresses.hpp"

namespace troupe::transport {

namespace {

constexpr int backlog = 512;

troupe::error cannot_listen(const address& where, int code) {
  auto message = "cannot listen on " + to_string(where) + ": " + system_words(code);
  if (code == EADDRINUSE) message += "; another process uses it: choose another port, or port 0";
  if (code == EADDRNOTAVAIL) message += "; it is not an address of this machine";
  if (code == EACCES) message += "; ports below 1024 and some paths need more rights";
  return {errc::system, message};
}

result<bound_socket> listen_tcp(const tcp_address& where) {
  auto names = resolve_numeric(where);
  if (names.empty()) {
    auto resolved = resolve(where);
    if (!resolved) return resolved.error();
    names = *std::move(resolved);
  }
  int code = EADDRNOTAVAIL;
  for (auto& name : names) {
    bound_socket bound;
    bound.fd = socket_fd(::socket(name.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int one = 1;
    ::setsockopt(bound.fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bound.fd && ::bind(bound.fd.get(), name.get(), name.size) == 0 &&
        ::listen(bound.fd.get(), backlog) == 0) {
      auto real = local_name_of(bound.fd.get());
      tcp_address shown{is_wildcard(real) ? own_host() : where.host, port_of(real)};
      bound.address = to_string(address(shown));
      return bound;
    }
    code = errno;
  }
  return cannot_listen(where, code);
}

/// Whether the file there is a socket that nobody listens on any more.
bool is_stale(const socket_name& name, const std::string& path) {
  struct stat found {};

  if (::lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return false;
  socket_fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return ::connect(probe.get(), name.get(), name.size) != 0 && errno == ECONNREFUSED;
}

result<bound_socket> listen_unix(const unix_address& where) {
  auto name = unix_name(where);
  if (!name) return name.error();
  bound_socket bound;
  bound.fd = socket_fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  auto bind = [&] {
    // The mode of the socket's own inode becomes the file's: no moment in which others may connect.
    ::fchmod(bound.fd.get(), S_IRUSR | S_IWUSR);
    return ::bind(bound.fd.get(), name->get(), name->size) == 0;
  };
  bool done = bind();
  if (!done && errno == EADDRINUSE && is_stale(*name, where.path)) {
    ::unlink(where.path.c_str());
    done = bind();
  }
  if (!done || ::chmod(where.path.c_str(), S_IRUSR | S_IWUSR) != 0 ||
      ::listen(bound.fd.get(), backlog) != 0) {
    int code = errno;
    if (code != EADDRINUSE) return cannot_listen(where, code);
    return troupe::error{errc::system, "cannot listen on " + to_string(address(where)) +
                                           ": the path is in use by a live process, or is no "
                                           "socket: choose another path"};
  }
  bound.address = to_string(address(where));
  bound.unix_path = where.path;
  return bound;
}

}  // namespace

bound_socket listen_on_twin(const std::string& tcp_address) {
  bound_socket bound;
  const auto name = twin_name(tcp_address);
  socket_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (name.size == 0 || ::bind(fd.get(), name.get(), name.size) != 0 ||
      ::listen(fd.get(), backlog) != 0)
    return bound;
  bound.fd = std::move(fd);
  bound.address = tcp_address;
  return bound;
}

socket_fd connect_to_twin(const std::string& tcp_address) {
  const auto name = twin_name(tcp_address);
  socket_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // Anybody may have taken the name, and would be told our token.
  if (name.size == 0 || ::connect(fd.get(), name.get(), name.size) != 0 || !same_user(fd.get()))
    return {};
  return fd;
}

result<bound_socket> bind_and_listen(const address& where) {
  if (auto* tcp = std::get_if<tcp_address>(&where)) return listen_tcp(*tcp);
  if (auto* path = std::get_if<unix_address>(&where)) return listen_unix(*path);
  return troupe::error{errc::bad_argument, "cannot listen on " + to_string(where) +
                                               ": local addresses are handed out, not chosen"};
}

result<bool> beyond_loopback(const address& where) {
  auto* tcp = std::get_if<tcp_address>(&where);
  if (!tcp) return false;
  auto names = resolve_numeric(*tcp);
  if (names.empty()) {
    auto resolved = resolve(*tcp);
    if (!resolved) return resolved.error();
    names = *std::move(resolved);
  }
  for (auto& name : names)
    if (!is_loopback(name)) return true;
  return false;
}

}  // namespace troupe::transport
