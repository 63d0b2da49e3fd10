#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "actors/client/core/events.hpp"

namespace troupe::simulation {

/// What happened to the whole world, and so what may go wrong for anybody.
struct troubles {
  std::uint32_t worker_crashes = 0;
  std::uint32_t worker_losses_max = 0;
  /// The scheduler was lost for good, or somebody may have been away from it for too long.
  bool scheduler_lost = false;
};

/// Watches one client from outside: knows the right value of each task without running it, and
/// which errors are legitimate.
class checker {
public:
  struct expectation {
    std::string function;  ///< Empty: scattered data.
    std::uint64_t value = 0;
    std::vector<task_id> inputs;
    bool cancelled = false;
    bool dropped = false;
    bool timed = false;  ///< It may take too long.
  };

  void promised(task_id, expectation);

  void cancelled(task_id t) { tasks_.at(t).expected.cancelled = true; }

  void dropped(task_id t) { tasks_.at(t).expected.dropped = true; }

  void disconnected() { disconnected_ = true; }

  bool is_disconnected() const noexcept { return disconnected_; }

  void heard(const core::asking::effect&);

  std::uint64_t value_of(task_id t) const { return tasks_.at(t).expected.value; }

  bool answered(task_id) const;

  /// The first thing that is wrong with all answers so far.
  std::optional<std::string> complaint(const troubles&) const;

private:
  struct record {
    expectation expected;
    bool done = false;
    std::optional<std::uint64_t> delivered;
    std::optional<error> failed;
  };

  std::map<task_id, record> tasks_;
  std::optional<std::string> complaint_;
  bool disconnected_ = false;
};

}  // namespace troupe::simulation
