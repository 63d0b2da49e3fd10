#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <troupe/config.hpp>

namespace CLI {
class App;
}

namespace troupe::tool {

/// Where to listen, as the command line says it; what is not said is as in the configuration.
struct listen_arguments {
  std::optional<std::string> host;
  std::optional<std::uint16_t> port;
  std::optional<std::string> interface;
  std::optional<std::string> connection_file;

  void declare(CLI::App&);
  /// Throws troupe::exception if the outcome is no address.
  void apply(scheduler_options&) const;
};

}  // namespace troupe::tool
