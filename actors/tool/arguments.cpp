#include "actors/tool/arguments.hpp"

#include <CLI/CLI.hpp>
#include <variant>

#include "actors/transport/addresses.hpp"
#include "config/address.hpp"

namespace troupe::tool {

void listen_arguments::declare(CLI::App& app) {
  app.add_option("--host", host, "Name or number of this machine to listen on; 0.0.0.0 for all");
  app.add_option("--port", port, "Port to listen on; 0 for any that is free")
      ->check(CLI::Range(0, 65535));
  app.add_option("--interface", interface, "Network interface to listen on, such as ib0");
  app.add_option("--connection-file", connection_file,
                 "Write address and token to this file, for clients and workers to be given");
}

void listen_arguments::apply(scheduler_options& to) const {
  if (interface) to.interface = *interface;
  if (connection_file) to.connection_file = *connection_file;
  if (!host && !port) return;
  const auto text = full_address(to.listen).value();
  auto parsed = transport::parse_address(text).value();
  auto* address = std::get_if<transport::tcp_address>(&parsed);
  if (!address)
    throw exception({errc::bad_argument,
                     "--host and --port change a tcp:// address, and "
                     "scheduler.listen is " +
                         text + "; change that instead"});
  if (host) address->host = *host;
  if (port) address->port = *port;
  to.listen = transport::to_string(parsed);
  transport::parse_address(to.listen).value();
}

}  // namespace troupe::tool
