#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <troupe/config.hpp>

#include "config/log.hpp"

namespace troupe::transport {
class network;
}

namespace troupe::runtime {

/// A CAF actor system set up for us (policy `sharing`, no BASP, SIGPIPE ignored), and the network
/// that its actors use. Made by main(), by cluster and by client; outlives all their actors.
class node {
public:
  /// Throws troupe::exception if the security files cannot be used.
  explicit node(const config&);
  ~node();

  caf::actor_system& actors() noexcept;
  transport::network& net() noexcept;
  log_sink& log() noexcept;
  const config& options() const noexcept;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace troupe::runtime
