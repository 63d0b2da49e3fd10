#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <troupe/config.hpp>

#include "actors/scheduler/core/catalog.hpp"
#include "actors/scheduler/core/tasks.hpp"
#include "actors/scheduler/core/workers.hpp"

namespace troupe::core {

/// Knows which lanes have tasks that no worker can run, and since when.
class lane_watch {
public:
  enum class trouble : std::uint8_t {
    served,
    unknown,   ///< No worker that is here knows the function.
    unserved,  ///< None that does may run it, or has the resources, or none is here.
  };

  lane_watch(const task_table& tasks, const worker_table& workers, const catalog& what,
             const scheduler_options& options)
      : tasks_(tasks), workers_(workers), catalog_(what), options_(options) {}

  void note_queued(std::uint32_t lane, time_point now) {
    if (lane >= troubles_.size()) look(now);
    if (troubles_[lane] != trouble::served) begin(lane, now);
  }

  /// Workers have come or gone, or lanes have been added.
  void look(time_point now);

  /// Nobody has waited before now.
  void begin_anew(time_point now);

  std::optional<time_point> deadline() const;

  /// Lanes whose tasks have waited too long, in order; their time begins anew.
  std::vector<std::pair<std::uint32_t, trouble>> take_due(time_point now);

private:
  trouble trouble_of(std::uint32_t lane) const;
  bool could_run(std::uint32_t lane) const;
  void begin(std::uint32_t lane, time_point now);
  std::chrono::nanoseconds patience(trouble) const;

  const task_table& tasks_;
  const worker_table& workers_;
  const catalog& catalog_;
  const scheduler_options& options_;
  std::vector<trouble> troubles_;              ///< By lane.
  std::map<std::uint32_t, time_point> since_;  ///< Of those that have tasks.
};

}  // namespace troupe::core
