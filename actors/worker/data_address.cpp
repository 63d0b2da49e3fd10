#include "actors/worker/data_address.hpp"

#include <array>
#include <netdb.h>
#include <sys/socket.h>
#include <variant>

#include "actors/transport/addresses.hpp"
#include "actors/transport/socket.hpp"

namespace troupe {

namespace {

std::string any_port_on(const transport::socket_name& where) {
  std::array<char, NI_MAXHOST> host{};
  if (getnameinfo(where.get(), where.size, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST))
    return {};
  return transport::to_string(transport::tcp_address{host.data(), 0});
}

/// The address that packets to `target` would have as their source. Sends none.
std::string own_side_of(const transport::socket_name& target) {
  const transport::socket_fd probe(socket(target.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!probe || connect(probe.get(), target.get(), target.size) != 0) return {};
  return any_port_on(transport::local_name_of(probe.get()));
}

}  // namespace

result<std::string> data_address(const worker_options& options, const std::string& scheduler) {
  if (!options.interface.empty())
    return transport::on_interface(options.listen.empty() ? "tcp://0.0.0.0:0" : options.listen,
                                   options.interface);
  if (!options.listen.empty()) return options.listen;
  const auto parsed = transport::parse_address(scheduler);
  if (!parsed) return parsed.error();
  if (std::holds_alternative<transport::local_address>(*parsed)) return std::string();
  const auto* tcp = std::get_if<transport::tcp_address>(&*parsed);
  if (!tcp) return std::string("tcp://127.0.0.1:0");
  const auto targets = transport::resolve(*tcp);
  if (!targets) return targets.error();
  for (const auto& target : *targets)
    if (auto own = own_side_of(target); !own.empty()) return own;
  return error{errc::connection_failed, "no network leads to the scheduler at " + scheduler +
                                            "; check its address, or set worker.listen"};
}

}  // namespace troupe
