#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "actors/scheduler/core/speaker.hpp"
#include "actors/scheduler/core/tasks.hpp"
#include "actors/scheduler/core/workers.hpp"

namespace troupe::core {

/// Has results copied to other workers before theirs leave. It orders copies, and sees in the
/// tables what became of them: it is told nothing of results.
class copy_keeper {
public:
  copy_keeper(const task_table& tasks, worker_table& workers, speaker& say)
      : tasks_(tasks), workers_(workers), say_(say) {}

  /// The worker goes when nothing that somebody needs is on it alone.
  void let_leave(std::uint32_t worker, time_point now);
  void forget(worker_id worker) { leaving_.erase(worker); }

  /// When look() is due; nothing: never.
  std::optional<time_point> deadline() const;
  void look(time_point now);

private:
  struct request {
    worker_id to;
    time_point until;  ///< Then another one is asked.
  };

  bool move_only_copies(std::uint32_t worker, time_point now);
  bool runs_anything(std::uint32_t worker) const;

  const task_table& tasks_;
  worker_table& workers_;
  speaker& say_;
  std::map<worker_id, std::map<task_id, request>> leaving_;  ///< What was asked of whom for it.
  time_point next_look_{};
};

}  // namespace troupe::core
