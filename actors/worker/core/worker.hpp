#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

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
    task_id task;
    spec_ptr spec;
    value arguments;
    std::vector<task_id> inputs;
    std::vector<value> values;  ///< Of the inputs, as far as they are here.
    std::uint64_t order = 0;    ///< Of arrival.
    std::uint32_t missing = 0;  ///< Inputs that are not here.
    phase at = phase::waiting;
  };

  static_assert(sizeof(run) <= 176, "thousands wait on each worker");

  /// Place in the queue of ready runs.
  struct rank {
    std::int64_t reversed_priority = 0;
    std::uint64_t order = 0;

    friend auto operator<=>(const rank&, const rank&) = default;
  };

  /// One input of one run.
  using need = std::pair<run_id, std::uint32_t>;

  /// An input that one peer is being asked for.
  struct fetch {
    std::uint64_t size = 0;
    worker_id asking;
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

  bool can_ask(worker_id) const;
  bool report_unreachable(const run_task&);
  void need_input(run_id, std::uint32_t position, const input_location&);
  void add_holders(fetch&, const std::vector<worker_id>&);
  bool ask_next(task_id, fetch&);
  void ask_another(task_id);
  void give_up(run_id, const input_location& missing);
  void drop_needs(run_id, const run&);
  void input_here(task_id, const value&);

  static rank rank_of(const run&);
  void make_ready(run_id, run&);
  bool may_execute() const;
  void execute_ready();
  void end_if_idle();
  void learn(std::chrono::nanoseconds duration);
  void tell(worker_message);

  worker_limits limits_;
  store store_;
  worker_id me_;
  std::unordered_map<run_id, run> runs_;
  std::map<rank, run_id> ready_;
  std::map<task_id, fetch> fetches_;
  std::map<worker_id, peer> peers_;
  std::uint64_t arrivals_ = 0;
  std::uint32_t executing_ = 0;  ///< Cancelled ones included: they hold a thread as well.
  std::uint32_t cancelled_ = 0;
  std::uint64_t finished_ = 0;
  std::uint64_t failed_ = 0;
  std::chrono::nanoseconds usual_duration_{-1};  ///< Negative: not known.
  bool stopping_ = false;
  bool ended_ = false;
  std::vector<working::effect>* out_ = nullptr;
};

}  // namespace troupe::core
