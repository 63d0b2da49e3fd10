#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "actors/scheduler/core/speaker.hpp"
#include "actors/scheduler/core/tasks.hpp"
#include "actors/scheduler/core/workers.hpp"

namespace troupe::core {

/// Decides how many copies of results there are, and where.
///
/// - What is needed and lies only on a worker that leaves is copied to another one first.
/// - Copies that were made for runs, and that nothing waits for any more, are dropped after a time.
/// - Who asked for several copies gets them, again after one was lost.
/// - On request, results move from workers that have much to workers that have little.
///
/// It orders copies, and sees in the tables what became of them. The last copy is never dropped,
/// and none while an unfinished task needs the result: somebody may be fetching it.
class copy_keeper {
public:
  /// `patience`: how long copies are kept that nothing waits for.
  copy_keeper(task_table& tasks, worker_table& workers, speaker& say,
              std::chrono::nanoseconds patience)
      : tasks_(tasks), workers_(workers), say_(say), patience_(patience) {}

  /// The worker goes when nothing that somebody needs is on it alone.
  void let_leave(std::uint32_t worker, time_point now);
  void forget(worker_id worker) { leaving_.erase(worker); }

  /// Workers came, went, or changed: there may be too few copies now, or a place for more.
  void note_workers(time_point now);

  /// The result is in memory, or has one copy more.
  void note_result(std::uint32_t slot, time_point now);
  void forget(task_id task);

  void set_copies(std::uint32_t slot, std::uint64_t copies, time_point now);
  void rebalance(time_point now);

  /// When look() is due; nothing: never.
  std::optional<time_point> deadline() const;
  void look(time_point now);

private:
  using orders = std::map<std::uint32_t, replicate_results>;

  struct request {
    worker_id to;
    time_point until;  ///< Then another one is asked.
  };

  struct move {
    worker_id from;
    worker_id to;
    time_point until;
  };

  void look_at_leaving(time_point now);
  bool move_only_copies(std::uint32_t worker, time_point now);
  bool runs_anything(std::uint32_t worker) const;
  bool idle() const { return copied_.empty() && moves_.empty() && !incomplete_; }
  void look_at_copies(time_point now);
  void look_soon(time_point now);
  bool may_have_spare(std::uint32_t slot) const;
  bool end_move(task_id, const move&, time_point now);
  void drop_spare(std::uint32_t slot);
  std::uint32_t running_copies(std::uint32_t slot) const;
  void make_copies(std::uint32_t slot, orders&);
  void send(orders&);
  bool drop_copy(std::uint32_t slot, std::uint32_t worker);

  task_table& tasks_;
  worker_table& workers_;
  speaker& say_;
  const std::chrono::nanoseconds patience_;
  std::map<worker_id, std::map<task_id, request>> leaving_;  ///< What was asked of whom for it.
  time_point next_leaving_look_{};
  std::set<task_id> copied_;  ///< Had more holders than wanted when last seen; seen at each look.
  std::set<task_id> spare_;   ///< Of those, what had copies to spare at the last look.
  std::map<task_id, std::uint32_t> wanted_;  ///< Copies, if not one.
  bool incomplete_ = false;                  ///< Of those some may lack copies.
  std::map<task_id, move> moves_;
  time_point next_copies_look_{};
  std::chrono::nanoseconds pause_{};  ///< Between looks; longer while there is nothing to do.
};

}  // namespace troupe::core
