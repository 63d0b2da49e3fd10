#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <troupe/config.hpp>

#include "actors/scheduler/core/balancer.hpp"
#include "actors/scheduler/core/catalog.hpp"
#include "actors/scheduler/core/client_table.hpp"
#include "actors/scheduler/core/copies.hpp"
#include "actors/scheduler/core/datasets.hpp"
#include "actors/scheduler/core/events.hpp"
#include "actors/scheduler/core/explainer.hpp"
#include "actors/scheduler/core/lane_watch.hpp"
#include "actors/scheduler/core/losses.hpp"
#include "actors/scheduler/core/placement.hpp"
#include "actors/scheduler/core/ready.hpp"
#include "actors/scheduler/core/restart.hpp"
#include "actors/scheduler/core/speaker.hpp"
#include "actors/scheduler/core/story.hpp"
#include "actors/scheduler/core/tasks.hpp"
#include "actors/scheduler/core/watchdog.hpp"
#include "actors/scheduler/core/workers.hpp"

namespace troupe::core {

/// Decides which worker runs which task, who has which result, and what happens when somebody is
/// lost. Pure: it knows no clock, no socket and no thread, and every event is legal at every time.
///
/// What is kept, and for how long:
/// - A *result* stays while its client wants it or an unfinished task has it as an input. Then its
///   holders are told to drop it.
/// - A *task* (its function, arguments and inputs) stays longer: as long as any task that was made
///   from it does. So whatever exists can be computed again from what was submitted, however many
///   results on the way have been dropped. Scattered data has no such way back: dropped or lost, a
///   result that would need it again fails.
/// - A failed task stays while its client wants it or a result made from it exists.
/// - A client that is away wants all that it wanted, until its grace is over.
class scheduler {
public:
  /// `session` tells it from all other schedulers, if workers and clients may come back to it.
  explicit scheduler(scheduler_options, std::string name = {}, uuid session = {});

  scheduler(const scheduler&) = delete;  // Tables refer to each other.
  scheduler& operator=(const scheduler&) = delete;

  /// Appends what is to be done to `out`, to be carried out in this order.
  void handle(scheduling::event&& what, time_point now, std::vector<scheduling::effect>& out);

  void handle(const scheduling::event& what, time_point now, std::vector<scheduling::effect>& out) {
    handle(scheduling::event(what), now, out);
  }

  /// When clock_ticked should come; asked again after each event.
  std::optional<time_point> deadline() const;

  /// Compares every table with every other; stops the process if they disagree.
  void check_invariants() const;

  cluster_snapshot inspect() const;  ///< The address and the release are not known here.
  task_story explain(task_id, time_point now) const;
  scheduling::scheduler_load load() const;

  /// What has not gone on for long, and why; empty while something does.
  const std::vector<std::string>& stuck() const noexcept { return watchdog_.report(); }

  /// What a journal would have to say so that reading it leads here.
  std::vector<scheduling::journal_record> records() const;

private:
  // Who comes and goes: scheduler.cpp.
  void on(scheduling::client_joined&&), on(scheduling::worker_joined&&);
  void on(scheduling::client_said&&), on(scheduling::worker_said&&);
  void on(scheduling::client_lost&&), on(scheduling::worker_lost&&);
  void on(scheduling::clock_ticked&&), on(scheduling::launch_ended&&);
  void on(scheduling::launch_unwanted&&);
  void regroup(), regroup_loose(), regroup(std::uint32_t lane), welcome_lane(std::uint32_t lane);
  void fail_unserved();

  template <class To, class Message>
  void tell(To to, Message message) {
    say_.tell(to, std::move(message));
  }

  void report_done(std::uint32_t slot, value small, bool inlined);

  // What clients say: clients.cpp.
  void on(client_id, submit_task&&), on(client_id, scatter_data&&), on(client_id, release_task&&);
  void on(client_id, cancel_task&&), on(client_id, locate_result&&);
  void on(client_id, inspect_cluster&&), on(client_id, explain_task&&);
  void on(client_id, replicate_result&&), on(client_id, rebalance_results&&);
  void on(client_id, retire_workers&&), on(client_id, detach_task&&);
  void on(client_id, name_dataset&&), unname(task_id);
  static void on(client_id, steer_cluster&&) {}  // For the owner.
  std::uint32_t find_own(client_id, task_id) const;
  bool refuse_bad_id(client_id, task_id);
  std::optional<error> take_inputs(std::uint32_t slot, const submit_task&);

  // Clients that come back: leases.cpp.
  void on(client_id, claim_task&&), on(client_id, end_claims&&), on(client_id, leave_scheduler&&);
  bool take_back(const hello&);
  void claim(client_id, std::uint32_t slot), release(client_id);

  // Workers that come back: registration.cpp.
  void on(std::uint32_t worker, running_task&&), on(std::uint32_t worker, registered&&);

  // What survives a restart: journal.cpp.
  void on(scheduling::journal_read&&), on(scheduling::journal_ended&&);
  bool keeps_journal() const;
  void keep(scheduling::journal_record), reserve_runs(), lose_unseen(), end_restart();
  void stop_expecting(const uuid&process), forget_process(const uuid&, worker_id);

  // What workers say: reports.cpp.
  void on(std::uint32_t worker, run_finished&&), on(std::uint32_t worker, run_failed&&);
  void on(std::uint32_t worker, inputs_missing&&), on(std::uint32_t worker, result_added&&);
  void on(std::uint32_t worker, run_seceded&&), on(std::uint32_t worker, run_rejoined&&);
  void on(std::uint32_t worker, run_returned&&), on(std::uint32_t worker, worker_changed&&);
  void on(std::uint32_t worker, worker_report&&);
  void offer(std::uint32_t worker), rejoin(std::uint32_t slot);
  std::uint32_t find_run(std::uint32_t worker, task_id, run_id) const;
  void take_result(std::uint32_t slot, std::uint32_t worker, std::uint64_t size, value small,
                   bool inlined);
  std::uint32_t leave_worker(std::uint32_t slot);
  bool strike(std::uint32_t slot, std::uint32_t holder);

  // Which worker gets what: assignment.cpp.
  void place_ready(), make_ready(std::uint32_t slot);
  std::uint32_t pick_worker(std::uint32_t slot, pool&);
  void assign(std::uint32_t slot, std::uint32_t worker), place_data_of(std::uint32_t slot);
  std::vector<input_location> locate_inputs(std::uint32_t slot, std::uint32_t worker);

  // What goes along with what it needs: planning.cpp.
  void plan_ahead(), plan(std::uint32_t slot);
  void hurry_inputs(std::uint32_t slot), plan_dependents(std::uint32_t slot);
  void take_back_planned(task_id, std::uint32_t worker);
  // What failed and is tried again: retries.cpp.
  bool hold_back(std::uint32_t slot);
  void try_again(std::uint32_t slot), end_delays();

  // What is not needed, cannot be, or must be again: recovery.cpp.
  void settle(task_id);
  void kill_run(std::uint32_t slot);  ///< With its process. Leaves the task waiting.
  void stop_run(std::uint32_t slot), drop(std::uint32_t slot), forget(std::uint32_t slot);
  void fail(std::uint32_t slot, error why);
  error inherited(std::uint32_t input, std::uint32_t dependent) const;
  void compute(std::uint32_t slot), withdraw(std::uint32_t slot);
  void recover(const std::vector<task_id>& gone, const std::string& worker);
  void run_again_after_loss(std::uint32_t slot, bool suspect, const loss_ptr& with);
  void fail_after_losses(task_id), watch_progress();
  void fail_doomed(const std::function<bool(const verdict&)>& due);
  loss_ptr note_loss(std::uint32_t worker);

  const std::string& name_of(std::uint32_t slot) const { return explain_.name_of(slot); }
  std::string pending_reason() const;
  void check_ready() const;

  scheduler_options options_;
  std::string name_;
  uuid session_{};
  time_point now_{}, started_{};

  story_book story_;
  task_table tasks_{story_};
  worker_table workers_;
  client_table clients_;
  dataset_book datasets_;
  restart_state restart_;
  speaker say_{workers_, clients_};
  copy_keeper copies_{tasks_, workers_, say_, options_.copies_kept};
  catalog catalog_;
  lane_watch lane_watch_{tasks_, workers_, catalog_, options_};
  watchdog watchdog_{options_.stuck_after};
  mutable ready_tasks ready_;  ///< Looking at the first task throws away stale ones.
  work_balancer balancer_{tasks_, workers_, catalog_, ready_, say_};

  std::map<std::uint32_t, error_ptr> errors_;  ///< Of failed tasks, by slot.
  explainer explain_{tasks_, workers_, catalog_, errors_};
  std::map<task_id, std::vector<loss_ptr>> losses_;  ///< Workers that tasks were lost with.
  loss_book loss_book_;
  std::deque<verdict> verdicts_;
  std::map<std::pair<time_point, task_id>, std::uint32_t> delays_;  ///< With their failures.
  std::vector<task_id> unplaced_;      ///< Arriving data, for want of workers.
  std::vector<task_id> unsettled_;     ///< Work list of settle().
  std::vector<candidate> candidates_;  ///< Work list of pick_worker().
  std::vector<task_id> to_plan_;       ///< Work list of plan_ahead().
  /// Tasks that could go along with what worker number i makes, when it has room.
  std::vector<std::deque<task_id>> frontiers_;
  std::uint32_t relieved_ = none;  ///< The worker that this event left with fewer runs.
  std::uint64_t last_client_ = 0, last_worker_ = 0, last_run_ = 0, last_order_ = 0;
  std::uint64_t runs_finished_ = 0;
};

}  // namespace troupe::core
