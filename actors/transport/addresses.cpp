#include "actors/transport/addresses.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

namespace troupe::transport {

namespace {

troupe::error bad_address(const std::string& text, const std::string& why) {
  return {errc::bad_argument, "cannot use address '" + text + "': " + why +
                                  "; expected tcp://HOST:PORT, unix:///PATH or local://NUMBER"};
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc{} && end == text.data() + text.size();
}

result<address> parse_tcp(const std::string& text, std::string_view rest) {
  tcp_address parsed;
  auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) return bad_address(text, "no port");
  auto host = rest.substr(0, colon);
  if (!read_number(rest.substr(colon + 1), parsed.port))
    return bad_address(text, "the port is not a number from 0 to 65535");
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return bad_address(text, "an IPv6 address must be in brackets, as in tcp://[::1]:8786");
  if (host.empty()) return bad_address(text, "no host");
  if (host.find_first_of("/ []") != std::string_view::npos)
    return bad_address(text, "the host has characters that no host has");
  parsed.host = host;
  return address(parsed);
}

result<std::vector<socket_name>> ask(const tcp_address& where, int flags) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  auto port = std::to_string(where.port);
  if (int failed = ::getaddrinfo(where.host.c_str(), port.c_str(), &wanted, &found); failed != 0)
    return troupe::error{errc::connection_failed,
                         "cannot find the host '" + where.host + "': " + ::gai_strerror(failed) +
                             "; check the name, or use the number of its address"};
  std::vector<socket_name> names;
  for (auto* at = found; at; at = at->ai_next) {
    socket_name name;
    std::memcpy(&name.raw, at->ai_addr, at->ai_addrlen);
    name.size = at->ai_addrlen;
    names.push_back(name);
  }
  ::freeaddrinfo(found);
  return names;
}

std::string numeric_host(const socket_name& name) {
  char host[NI_MAXHOST] = {};
  if (::getnameinfo(name.get(), name.size, host, sizeof host, nullptr, 0, NI_NUMERICHOST) != 0)
    return {};
  std::string text = host;
  return text.substr(0, text.find('%'));
}

/// The first address of an interface that `fits`, IPv4 before IPv6 and neither of one link only.
template <class Fits>
std::string interface_host(Fits fits) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return {};
  std::string best;
  for (int family : {AF_INET, AF_INET6}) {
    for (auto* at = all; at && best.empty(); at = at->ifa_next) {
      if (!at->ifa_addr || at->ifa_addr->sa_family != family || !fits(*at)) continue;
      socket_name name;
      name.size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
      std::memcpy(&name.raw, at->ifa_addr, name.size);
      if (family == AF_INET6 &&
          IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6*>(&name.raw)->sin6_addr))
        continue;
      best = numeric_host(name);
    }
  }
  ::freeifaddrs(all);
  return best;
}

}  // namespace

result<address> parse_address(const std::string& text) {
  std::string_view rest = text;
  auto after = [&](std::string_view scheme) {
    if (rest.substr(0, scheme.size()) != scheme) return false;
    rest.remove_prefix(scheme.size());
    return true;
  };
  if (after("tcp://")) return parse_tcp(text, rest);
  if (after("unix://")) {
    if (rest.empty() || rest.front() != '/')
      return bad_address(text, "the path must be absolute, as in unix:///run/troupe.sock");
    return address(unix_address{std::string(rest)});
  }
  if (after("local://")) {
    local_address parsed;
    if (!read_number(rest, parsed.number)) return bad_address(text, "no number");
    return address(parsed);
  }
  return bad_address(text, "it begins with none of tcp://, unix://, local://");
}

std::string to_string(const address& where) {
  if (auto* tcp = std::get_if<tcp_address>(&where)) {
    bool six = tcp->host.find(':') != std::string::npos;
    return "tcp://" + (six ? "[" + tcp->host + "]" : tcp->host) + ":" + std::to_string(tcp->port);
  }
  if (auto* path = std::get_if<unix_address>(&where)) return "unix://" + path->path;
  return "local://" + std::to_string(std::get<local_address>(where).number);
}

result<std::string> on_interface(const std::string& text, const std::string& interface) {
  auto parsed = parse_address(text);
  if (!parsed) return parsed.error();
  auto* tcp = std::get_if<tcp_address>(&*parsed);
  if (!tcp) return bad_address(text, "only a tcp:// address can be on an interface");
  tcp->host = interface_host([&](const ifaddrs& entry) { return interface == entry.ifa_name; });
  if (!tcp->host.empty()) return to_string(*parsed);
  std::string known;
  if (auto* names = ::if_nameindex()) {
    for (auto* at = names; at->if_name; ++at)
      known += (known.empty() ? "" : ", ") + std::string(at->if_name);
    ::if_freenameindex(names);
  }
  return troupe::error{
      errc::bad_config,
      "the interface '" + interface + "' has no address or does not exist; there are: " + known};
}

result<std::vector<socket_name>> resolve(const tcp_address& where) {
  return ask(where, AI_ADDRCONFIG);
}

std::vector<socket_name> resolve_numeric(const tcp_address& where) {
  auto names = ask(where, AI_NUMERICHOST);
  return names ? *std::move(names) : std::vector<socket_name>{};
}

result<socket_name> unix_name(const unix_address& where) {
  sockaddr_un raw{};
  if (where.path.size() >= sizeof raw.sun_path)
    return troupe::error{
        errc::bad_argument,
        "the socket path '" + where.path + "' is too long: " + std::to_string(where.path.size()) +
            " bytes, at most " + std::to_string(sizeof raw.sun_path - 1) + " are possible"};
  raw.sun_family = AF_UNIX;
  where.path.copy(raw.sun_path, where.path.size());
  socket_name name;
  std::memcpy(&name.raw, &raw, sizeof raw);
  name.size = sizeof raw;
  return name;
}

socket_name twin_name(const std::string& tcp_address) {
  sockaddr_un raw{};
  raw.sun_family = AF_UNIX;
  // A name that begins with a zero byte has no file, and goes with its socket.
  const auto text = std::string(1, '\0') + "troupe " + tcp_address;
  if (text.size() > sizeof raw.sun_path) return {};
  text.copy(raw.sun_path, text.size());
  socket_name name;
  std::memcpy(&name.raw, &raw, sizeof raw);
  name.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size());
  return name;
}

bool same_user(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

bool is_loopback(const socket_name& name) {
  if (name.family() == AF_UNIX) return true;
  if (name.family() == AF_INET) {
    auto number = ntohl(reinterpret_cast<const sockaddr_in*>(&name.raw)->sin_addr.s_addr);
    return number >> 24 == 127;
  }
  if (name.family() != AF_INET6) return false;
  auto& six = reinterpret_cast<const sockaddr_in6*>(&name.raw)->sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
}

std::uint16_t port_of(const socket_name& name) {
  if (name.family() == AF_INET)
    return ntohs(reinterpret_cast<const sockaddr_in*>(&name.raw)->sin_port);
  if (name.family() == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&name.raw)->sin6_port);
  return 0;
}

bool is_wildcard(const socket_name& name) {
  if (name.family() == AF_INET)
    return reinterpret_cast<const sockaddr_in*>(&name.raw)->sin_addr.s_addr == INADDR_ANY;
  if (name.family() == AF_INET6)
    return IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const sockaddr_in6*>(&name.raw)->sin6_addr);
  return false;
}

socket_name local_name_of(int fd) {
  socket_name name;
  name.size = sizeof name.raw;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name.raw), &name.size) != 0) return {};
  return name;
}

socket_name peer_name_of(int fd) {
  socket_name name;
  name.size = sizeof name.raw;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&name.raw), &name.size) != 0) return {};
  return name;
}

std::string describe(const socket_name& name) {
  if (name.family() == AF_UNIX) return "unix";
  if (name.size == 0) return "unknown";
  auto host = numeric_host(name);
  return (name.family() == AF_INET6 ? "[" + host + "]" : host) + ":" +
         std::to_string(port_of(name));
}

std::string own_host() {
  // Connecting a datagram socket sends nothing, but makes the kernel choose the way out.
  socket_fd probe(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  auto outside = resolve_numeric({"192.0.2.1", 9});
  if (probe && !outside.empty() &&
      ::connect(probe.get(), outside.front().get(), outside.front().size) == 0) {
    auto host = numeric_host(local_name_of(probe.get()));
    if (!host.empty()) return host;
  }
  auto host = interface_host([](const ifaddrs& entry) {
    return (entry.ifa_flags & IFF_UP) && !(entry.ifa_flags & IFF_LOOPBACK);
  });
  return host.empty() ? "127.0.0.1" : host;
}

}  // namespace troupe::transport
