#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/actor_system_config.hpp>

#include "config/log.hpp"

namespace troupe::runtime {

/// The hosts of one node that may be alive, for its end. Thread-safe.
class host_list {
public:
  void add(const caf::actor&);

  /// Ends those that nobody ended: an actor that lives on would keep its system from ending.
  void kill_all();

private:
  std::mutex mutex_;
  std::vector<caf::actor_addr> hosts_;
};

/// CAF's configuration, and what our actors find by their system.
class actor_settings : public caf::actor_system_config {
public:
  explicit actor_settings(logger);

  logger log;
  std::shared_ptr<host_list> hosts = std::make_shared<host_list>();
};

/// Null for a system that no node made.
logger log_of(caf::actor_system&);

}  // namespace troupe::runtime
