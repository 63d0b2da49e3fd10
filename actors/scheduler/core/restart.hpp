#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include <troupe/id.hpp>

#include "actors/scheduler/core/events.hpp"

namespace troupe::core {

/// What a scheduler with a journal knows of the time before its restart.
struct restart_state {
  bool reading = false;             ///< The journal.
  std::optional<time_point> ends;   ///< Nothing is assigned before.
  std::map<uuid, worker_id> known;  ///< Workers that are here, or were before the restart.
  std::set<uuid> expected;          ///< Those that were, and are not back with all that they have.
  std::set<task_id> unseen;         ///< Data of before that nobody has shown yet.
  std::uint64_t runs_reserved = 0;

  bool over() const noexcept { return !ends && !reading; }
};

}  // namespace troupe::core
