#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "actors/scheduler/core/events.hpp"

namespace troupe::core {

/// What a group of workers can do at most.
struct group_room {
  amounts resources = {};                                     ///< Of each worker.
  std::uint64_t threads = 0;                                  ///< Of all launches that it may have.
  std::chrono::nanoseconds target = std::chrono::seconds(5);  ///< For what there is to do.
};

/// Adds what is queued to the loads of the groups that are to do it, so that each can choose its
/// size by its own load. Work goes to the groups that have what it needs and least beside: what
/// needs no resource starts no machines that have some, as long as there are others. Among equal
/// groups the first one is filled before the second gets any.
///
/// What no group can run is nobody's, unless there is one group only: it may have more than the
/// configuration says.
void share_queued(const scheduling::scheduler_load&, const std::vector<group_room>&,
                  std::vector<scheduling::work_load>& loads);

}  // namespace troupe::core
