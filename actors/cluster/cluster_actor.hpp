#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <caf/actor.hpp>

#include <troupe/backend.hpp>
#include <troupe/config.hpp>

#include "actors/cluster/core/adapting.hpp"
#include "actors/cluster/staff.hpp"
#include "actors/runtime/runtime.hpp"

namespace troupe {

struct cluster_settings {
  /// Called once, on the actor's thread, which owns the backend from then on.
  std::function<result<std::unique_ptr<backend>>(const services&)> make_backend;
  /// How to start these launches.
  std::function<launch_order(core::scaling::launch_number first, std::uint32_t count)> make_order;
  /// Workers that are threads of this process; called on the actor's thread.
  std::function<result<launch_id>(const launch_order&, core::scaling::launch_number)> launch_here;
  std::function<void(const launch_id&)> retire_here;
  /// Told how a launch has ended that was wanted; on the actor's thread.
  std::function<void(const std::string& launch, const std::string& how)> on_death;
  /// Its workers are to leave, through the scheduler.
  std::function<void(const std::string& launch)> drain;
  /// Answered by load_seen, through `staff`.
  std::function<void()> ask_load;
  core::adapter::shape launches;  ///< What they are like.
  config options;                 ///< Of this group.
  std::string cluster;            ///< Its id, for the backend.
  std::string group;              ///< Of workers, for the backend; may be empty.
  staff::group_index index = 0;   ///< Of the group.
};

/// One group of workers of a cluster. Owns its backend, and may block in it: there are threads for
/// the other actors. It carries out what core::scaler decides. What it hears and tells goes through
/// `staff`. When it is stopped it ends all its workers.
caf::actor spawn_cluster(runtime::node&, cluster_settings, std::shared_ptr<staff>);

}  // namespace troupe
