#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "actors/core/id_map.hpp"
#include "actors/core/order_queue.hpp"
#include "actors/core/slab.hpp"
#include "actors/worker/core/events.hpp"
#include "actors/worker/core/store.hpp"

namespace troupe::core {

/// What a worker may do at once.
struct worker_limits {
  std::uint32_t threads = 1;               ///< Runs that the executor works on at one time.
  std::uint64_t inline_result_max = 4096;  ///< Results up to this size go along with run_finished.

  /// How much work may wait in the executor beyond what it works on, so that short functions do not
  /// cost a round trip each. Nothing does while functions take longer than this, or at zero.
  std::chrono::nanoseconds ahead = std::chrono::microseconds(500);
  std::uint32_t ahead_max = 256;  ///< The same, in runs.
};

/// A worker in numbers.
struct worker_counters {
  std::uint64_t runs_waiting = 0;    ///< For inputs.
  std::uint64_t runs_ready = 0;      ///< For a thread.
  std::uint64_t runs_executing = 0;  ///< Given to the executor, cancelled ones included.
  std::uint64_t runs_finished = 0;   ///< Since the start.
  std::uint64_t runs_failed = 0;
  std::uint64_t fetches = 0;  ///< Inputs asked of peers and not here yet.
  std::uint64_t results = 0;
  std::uint64_t results_bytes = 0;

  friend bool operator==(const worker_counters&, const worker_counters&) = default;
};

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
/// the scheduler is told. A result asked for by a peer is answered at once, with result_absent if
/// it is not here.
///
/// An input may also be what another run here will make. Once that one executes, so may the run
/// that waits for it: the executor passes the result on, so a chain of tasks goes from one to the
/// next without coming back here. A run that fails, is cancelled or given up takes along those that
/// wait for its result; the scheduler knows them and says nothing is lost.
///
/// After stop_worker nothing new starts; end_worker follows when what executes has been reported:
/// at once if nothing does. Cancelled runs are not waited for.
///
/// A pure state machine: same events, same effects. It needs no time and asks for none.
class worker {
public:
  explicit worker(worker_limits);

  /// The only way to change a worker. Appends what has to be done to `out`, in order. Late, double
  /// and unknown events are fine, and mostly ignored.
  void handle(working::event what, time_point now, std::vector<working::effect>& out);

  /// Stops the process if any two parts of the state disagree.
  void check_invariants() const;

  worker_counters inspect() const;

private:
  enum class phase : std::uint8_t { waiting, ready, executing, cancelled };

  struct run {
    run_id id;  ///< No id: the slot is free.
    task_id task;
    spec_ptr spec;
    value arguments;
    std::vector<task_id> inputs;
    std::vector<value> values;  ///< Of the inputs, as far as they are here.
    std::vector<working::awaited_input> awaits;
    std::uint64_t order = 0;    ///< Of arrival.
    std::uint32_t missing = 0;  ///< Inputs that are neither here nor awaited.
    phase at = phase::waiting;
    bool makes_input = false;  ///< Runs here need its result.
  };

  static_assert(sizeof(run) <= 208, "thousands wait on each worker");

  /// One input of one run.
  struct need {
    std::uint32_t run = none;
    std::uint32_t position = 0;

    friend auto operator<=>(const need&, const need&) = default;
  };

  /// An input that is not here yet: one peer is being asked for it, or a run here makes it.
  struct fetch {
    std::uint64_t size = 0;
    worker_id asking;              ///< No id: a run here makes it.
    std::vector<worker_id> next;   ///< To be asked, best last.
    std::vector<worker_id> asked;  ///< In vain.
    std::set<need> needs;
    bool keep = true;  ///< False: dropped meanwhile, so it is for these runs only.
  };

  struct peer {
    std::string address;
    bool known = false;  ///< The shell has been told.
    std::set<task_id> fetching;
  };

  void on(working::scheduler_said&);
  void on(working::run_executed&);
  void on(working::value_received&);
  void on(working::value_absent&);
  void on(working::peer_lost&);
  void on(working::value_stored&);
  void on(working::result_asked&);
  void on(working::memory_measured&);

  void on(welcome_worker&);
  void on(introduce_worker&);
  void on(run_task&);
  void on(drop_result&);
  void on(cancel_run&);
  void on(stop_worker&);

  // Inputs: inputs.cpp.
  bool can_ask(worker_id) const;
  bool report_unreachable(const run_task&);
  run* maker_of(task_id);
  void need_input(std::uint32_t slot, std::uint32_t position, const input_location&);
  void add_holders(fetch&, const std::vector<worker_id>&);
  bool ask_next(task_id, fetch&);
  void ask_another(task_id);
  void stop_asking(task_id, const fetch&);
  void give_up(std::uint32_t slot, const input_location& missing);
  void drop_needs(std::uint32_t slot);
  void input_here(task_id, const value&);
  void await_maker(const run& maker);

  std::uint32_t find_run(task_id, run_id) const;
  void forget(std::uint32_t slot);
  void abandon(std::uint32_t slot);
  void make_ready(std::uint32_t slot);
  std::uint32_t next_ready();
  bool may_execute() const;
  void execute_ready();
  void end_if_idle();
  void learn(std::chrono::nanoseconds duration);
  void tell(worker_message);

  worker_limits limits_;
  store store_;
  worker_id me_;
  slab<run> runs_;
  id_map<task_id, std::uint32_t> run_of_;      ///< But cancelled ones.
  std::map<run_id, std::uint32_t> zombies_;    ///< Cancelled while they executed.
  std::map<std::int64_t, order_queue> ready_;  ///< By minus the priority; what is not ready any
                                               ///< more is skipped.
  std::uint64_t ready_count_ = 0;
  std::map<task_id, fetch> fetches_;
  std::map<worker_id, peer> peers_;
  std::uint64_t arrivals_ = 0;
  std::uint32_t executing_ = 0;  ///< Cancelled ones included: they hold a thread as well.
  std::uint64_t finished_ = 0;
  std::uint64_t failed_ = 0;
  std::chrono::nanoseconds usual_duration_{-1};  ///< Negative: not known.
  bool stopping_ = false;
  bool ended_ = false;
  std::vector<working::effect>* out_ = nullptr;
};

}  // namespace troupe::core
