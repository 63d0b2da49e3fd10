#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "actors/scheduler/core/catalog.hpp"
#include "actors/scheduler/core/ready.hpp"
#include "actors/scheduler/core/speaker.hpp"
#include "actors/scheduler/core/tasks.hpp"
#include "actors/scheduler/core/workers.hpp"

namespace troupe::core {

/// Asks workers for runs that have waited there too long while others have nothing to do.
///
/// A worker is given more than it runs only for a moment (scheduler.prefetch), as far as durations
/// are known. Where that was wrong, as behind one run that takes a thousand times longer than those
/// before, its runs wait. They are asked for; what has not started comes back and is placed again.
/// Until the worker has ended a run, it is given no more than its threads can run, so nothing goes
/// back and forth.
class work_balancer {
public:
  work_balancer(task_table& tasks, worker_table& workers, const catalog& what,
                const ready_tasks& ready, speaker& say)
      : tasks_(tasks), workers_(workers), catalog_(what), ready_(ready), say_(say) {}

  /// After every event; costs nothing while everybody has work, or nobody more than he can do.
  void tend(time_point now, std::uint64_t last_run);

  /// When the next tend() is due; nothing: not before something happens.
  std::optional<time_point> deadline() const;

private:
  void look();
  void ask_back(std::uint32_t worker);
  bool wanted_elsewhere(std::uint32_t slot) const;
  bool worth_moving(std::uint32_t slot, std::uint32_t worker) const;

  task_table& tasks_;
  worker_table& workers_;
  const catalog& catalog_;
  const ready_tasks& ready_;
  speaker& say_;
  bool armed_ = false;
  time_point next_look_{};
  std::uint64_t runs_before_ = 0;  ///< The last one when the last look was.
  std::uint64_t old_runs_ = 0;     ///< All up to this have been where they are for an interval.
  std::vector<std::uint32_t> idle_;
  std::uint64_t to_give_ns_ = 0;  ///< Work that the idle would take.
};

}  // namespace troupe::core
