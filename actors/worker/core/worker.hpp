#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "actors/core/id_map.hpp"
#include "actors/core/order_queue.hpp"
#include "actors/core/slab.hpp"
#include "actors/worker/core/events.hpp"
#include "actors/worker/core/limits.hpp"
#include "actors/worker/core/local_run.hpp"
#include "actors/worker/core/store.hpp"

namespace troupe::core {

/// Gets the inputs of runs, decides which run goes next, and keeps results for whoever asks.
///
///     run_task --> waiting --inputs here--> ready --thread free--> executing --> (reported)
///                     | no holder gives one    |                      |
///                     v                        v cancel_run           v cancel_run
///               inputs_missing            (forgotten)             cancelled --> (nothing said)
///
/// Ready runs go by priority, then in the order of their run_task. A run keeps its inputs alive
/// from the moment they are here, so a drop_result that comes before it starts does it no harm.
///
/// Each missing input is fetched once, however many runs wait for it: from the first of its
/// holders, and from the next one if that has not got it or is lost. It is kept as a replica, and
/// the scheduler is told. A peer that asks is answered at once, with result_absent if it is not
/// here. Large ones come a few at a time, from each peer and from all: the others wait their turn.
///
/// When results take too much memory, those not used for longest go to disk, and are fetched from
/// there as from a peer that is this worker itself. While the process takes too much, the worker is
/// paused: nothing new starts, and what has not started goes back to the scheduler.
///
/// A run whose function waits for other tasks is away: as many more may execute, and the scheduler
/// is told, so that it finds room for what is waited for.
///
/// A worker that wants to leave says so and takes no new runs, until the scheduler says
/// stop_worker.
///
/// An input may also be what another run here will make. Once that one executes, so may the run
/// that waits for it: the executor passes the result on, so a chain of tasks goes from one to the
/// next without coming back here. A run that fails, is cancelled or given up takes along those that
/// wait for its result; the scheduler knows them and says nothing is lost.
///
/// After stop_worker nothing new starts; end_worker follows when what executes has been reported:
/// at once if nothing does. Cancelled runs are not waited for.
///
/// A run with a timeout is handed out only when a thread is free. When its time is over it is
/// reported as failed, and is from then on like one that was cancelled.
///
/// A worker that lost the scheduler goes on with what it has; the shell loses what it says. A
/// second welcome_worker is of the same scheduler: the worker tells all that it holds and runs, and
/// what nobody wants any more it is then told to drop.
///
/// A pure state machine: same events, same effects.
class worker {
public:
  explicit worker(worker_limits);

  /// The only way to change a worker. Appends what has to be done to `out`, in order. Late, double
  /// and unknown events are fine, and mostly ignored.
  void handle(working::event what, time_point now, std::vector<working::effect>& out);

  /// When clock_ticked should come; asked again after each event.
  std::optional<time_point> deadline() const;

  /// Stops the process if any two parts of the state disagree.
  void check_invariants() const;

  worker_counters inspect() const;

private:
  using run = local_run;
  using phase = local_run::phase;
  using need = input_need;
  using fetch = input_fetch;
  using peer = fetch_peer;

  void on(working::scheduler_said&);
  void on(working::run_executed&);
  void on(working::run_away&);
  void on(working::run_back&);
  void on(working::value_received&);
  void on(working::value_absent&);
  void on(working::peer_lost&);
  void on(working::value_stored&);
  void on(working::result_asked&);
  void on(working::memory_measured&);
  void on(working::clock_ticked&);
  void on(working::report_due&);
  void on(working::result_spilled&);
  void on(working::spill_failed&);
  void on(working::leave_wanted&);

  void on(welcome_worker&);
  void on(introduce_worker&);
  void on(run_task&);
  void on(drop_result&);
  void on(cancel_run&);
  void on(stop_worker&);
  void on(replicate_results&);
  void on(leave_cluster&);
  void on(return_run&);
  void register_again();

  // Inputs: inputs.cpp.
  bool can_ask(worker_id) const;
  bool report_unreachable(const run_task&);
  run* maker_of(task_id);
  void need_input(std::uint32_t slot, std::uint32_t position, const input_location&);
  void add_holders(fetch&, const std::vector<worker_id>&);
  bool ask_next(task_id, fetch&);
  void ask_another(task_id);
  void stop_asking(task_id, fetch&);
  bool has_room(const peer&, std::uint64_t size) const;
  void issue_fetch(task_id, fetch&);
  std::optional<std::uint64_t> next_turn(worker_id);
  void issue_fetches();
  void give_up(std::uint32_t slot, const input_location& missing);
  void drop_needs(std::uint32_t slot);
  void forget_fetch(std::map<task_id, fetch>::iterator);
  void input_here(task_id, const value&);
  void await_maker(const run& maker);

  // Memory and disk: memory.cpp.
  fetch& load_from_disk(task_id, std::uint64_t file);
  void load_for(std::uint64_t asker, task_id, std::uint64_t file);
  void issue_loads();
  void issue_load(task_id, std::uint64_t file);
  bool disk_must_catch_up() const;
  void finish_load(fetch&, working::value_received&);
  void lose_file(task_id);
  void drop_from_store(task_id);
  void spill_if_needed();
  void pause();
  void return_runs();

  std::uint32_t find_run(task_id, run_id) const;
  std::uint32_t find_executing(task_id, run_id) const;
  void forget(std::uint32_t slot);
  void abandon(std::uint32_t slot);
  void make_ready(std::uint32_t slot);
  std::uint32_t next_ready();
  bool may_execute() const;
  void execute_ready();
  static bool timed(const run&);
  void end_executing(std::uint32_t slot);
  void forget_due(std::uint32_t slot);
  void end_if_idle();
  void learn(std::chrono::nanoseconds duration);
  void tell(worker_message);

  worker_limits limits_;
  store store_;
  std::uint64_t used_bytes_ = 0;                           ///< As measured last.
  std::deque<std::pair<task_id, std::uint64_t>> to_load_;  ///< With their files.
  std::uint32_t loading_ = 0;
  std::uint64_t to_free_bytes_ = 0;  ///< To come down to target.
  time_point no_spilling_before_{};  ///< After a failure.
  bool paused_ = false;
  worker_id me_;  ///< As it was welcomed first.
  bool welcomed_ = false;
  slab<run> runs_;
  id_map<task_id, std::uint32_t> run_of_;      ///< But cancelled ones.
  std::map<run_id, std::uint32_t> zombies_;    ///< Cancelled while they executed.
  std::map<std::int64_t, order_queue> ready_;  ///< By minus the priority; what is not ready any
                                               ///< more is skipped.
  std::uint64_t ready_count_ = 0;
  std::map<task_id, fetch> fetches_;
  std::map<worker_id, peer> peers_;
  std::set<worker_id> busy_peers_;  ///< From which something waits to be fetched.
  std::uint64_t in_flight_ = 0;     ///< Bytes that come.
  std::uint64_t last_turn_ = 0;
  std::set<std::pair<time_point, std::uint32_t>> due_;
  time_point now_{};
  std::uint64_t arrivals_ = 0;
  std::uint32_t executing_ = 0;  ///< Cancelled ones included: they hold a thread as well.
  std::uint32_t away_ = 0;
  std::uint64_t finished_ = 0;
  std::uint64_t failed_ = 0;
  std::chrono::nanoseconds usual_duration_{-1};  ///< Negative: not known.
  bool leaving_ = false;
  bool stopping_ = false;
  bool ended_ = false;
  std::vector<working::effect>* out_ = nullptr;
};

}  // namespace troupe::core
