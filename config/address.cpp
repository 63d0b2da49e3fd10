#include "config/address.hpp"

#include <charconv>
#include <optional>
#include <sys/un.h>

namespace troupe {

namespace {

error wrong(std::string_view text, const std::string& why) {
  return {errc::bad_argument, "\"" + std::string(text) + "\" is not an address: " + why};
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_host_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

/// What is wrong with "host:port", or nothing.
std::optional<std::string> problem_of_tcp(std::string_view rest) {
  std::string_view host = rest;
  if (!rest.empty() && rest.front() == '[') {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return "the closing ] is missing";
    host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    for (const char c : host)
      if (!is_host_letter(c) && c != ':' && c != '%') return "the host has a strange character";
  } else {
    const auto colon = rest.find(':');
    host = rest.substr(0, colon);
    rest.remove_prefix(host.size());
    for (const char c : host)
      if (!is_host_letter(c)) return "the host has a strange character";
    if (rest.find(':', 1) != std::string_view::npos)
      return "an IPv6 host needs brackets, as in tcp://[::1]:8786";
  }
  if (host.empty()) return "the host is missing, as in tcp://127.0.0.1:8786";
  if (rest.empty() || rest.front() != ':') return "the port is missing, as in tcp://host:8786";
  const auto port = number_in(rest.substr(1));
  if (!port || *port > 65535) return "the port must be a number from 0 to 65535";
  return std::nullopt;
}

}  // namespace

result<std::string> full_address(std::string_view text) {
  const auto scheme_end = text.find("://");
  const bool plain = scheme_end == std::string_view::npos;
  const auto scheme = plain ? std::string_view("tcp") : text.substr(0, scheme_end);
  const auto rest = plain ? text : text.substr(scheme_end + 3);
  if (scheme == "tcp") {
    if (const auto problem = problem_of_tcp(rest)) return wrong(text, *problem);
    return "tcp://" + std::string(rest);
  }
  if (scheme == "unix") {
    if (rest.empty() || rest.front() != '/')
      return wrong(text, "the path must be absolute, as in unix:///run/troupe.sock");
    if (rest.size() >= sizeof(sockaddr_un::sun_path))
      return wrong(text, "the path must be shorter than " +
                             std::to_string(sizeof(sockaddr_un::sun_path)) + " bytes");
    return std::string(text);
  }
  if (scheme == "local") {
    if (!number_in(rest)) return wrong(text, "after local:// comes a number");
    return std::string(text);
  }
  return wrong(text, "there are tcp://, unix:// and local://");
}

}  // namespace troupe
