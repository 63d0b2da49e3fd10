#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <troupe/client.hpp>

#include "actors/core/id_map.hpp"
#include "actors/core/slab.hpp"
#include "actors/worker/core/events.hpp"
#include "actors/worker/libraries.hpp"

namespace troupe {

/// Runs users' functions on threads of its own, in the order in which they come. A run that awaits
/// the results of others goes next when the last of them is there.
///
/// What a function throws ends here: it becomes an error with the type and words of the exception,
/// the task and the worker. Functions reach it through task_here. The rest is for the worker's
/// actor; none of it waits for a function.
///
/// As many functions run at one time as it has threads, and more of those that wait for something
/// (see secede()): then there are more threads, for as long as they do.
class executor {
public:
  using execute = core::working::execute;
  using pass_input = core::working::pass_input;
  using run_executed = core::working::run_executed;
  using pause = std::variant<core::working::run_away, core::working::run_back>;

  struct settings {
    std::string worker;  ///< Its name, for errors.
    std::uint32_t threads = 1;
    /// There is something to take(), after there was nothing. Called on any thread; must not block.
    std::function<void()> wake;
    /// For current_client().
    std::function<client()> connect = {};
    /// As wake, but after so long. Called on any thread; must not block. Empty: as wake.
    std::function<void(std::chrono::nanoseconds)> wake_later = {};
  };

  /// What it says of its runs.
  struct reports {
    std::vector<pause> pauses;  ///< Before what is done.
    std::vector<run_executed> done;
  };

  executor(const task_table&, settings);

  /// Forgets what has not begun and waits for what runs, however long that takes.
  ~executor();

  executor(const executor&) = delete;
  executor& operator=(const executor&) = delete;

  void run(std::vector<execute>);

  /// Fills awaited inputs, where the executor did not do so itself.
  void pass(std::vector<pass_input>);

  /// If the run has not begun it does not, and is reported as cancelled, as are those that await
  /// its result. Else its function sees it in cancelled().
  void skip(run_id);

  /// All functions see it in cancelled(): the worker is about to end. What a function that has seen
  /// it comes to may be half done; it is reported as cancelled.
  void interrupt() noexcept { interrupted_ = true; }

  /// Replaces `to` by what was reported since the last call.
  void take(reports& to);

  /// Forgets what has not begun, interrupts what runs and waits for it, but not longer than
  /// `grace`. False: some functions still run, and the destructor would wait for them; a process
  /// that must end can only leave with _exit().
  bool stop(std::chrono::nanoseconds grace);

private:
  struct job {
    execute what;  ///< No run: the slot is free, or the function is being called.
    const known_task* task = nullptr;
    std::size_t awaits = 0;         ///< Inputs that are not here yet.
    std::vector<run_id> followers;  ///< Await its result.
  };

  class place;

  const known_task* resolve(const execute&, error& why);
  bool enqueue(execute&&, const known_task*);
  run_executed call(const execute&, const known_task*) const;
  bool fill(const pass_input&);
  std::size_t hand_on(const run_executed&, const std::vector<run_id>& followers);
  void cancel(run_id, const char* why);
  void report(std::unique_lock<std::mutex>&, bool can_wait = false);
  bool may_begin() const;
  void add_thread_if_needed();
  void add_thread();
  void work(place&);

  const task_table& tasks_;
  const settings settings_;
  spec_ptr last_spec_;  ///< Of the last run; mostly the next one's as well.
  const known_task* last_task_ = nullptr;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable quiet_;
  core::slab<job> jobs_;
  core::id_map<run_id, std::uint32_t> job_of_;
  std::deque<std::uint32_t> queue_;
  reports reports_;
  enum class told { nothing, later, now } told_ = told::nothing;  ///< Who takes.
  std::chrono::steady_clock::time_point woken_at_{};              ///< If it was told later.
  std::uint32_t idle_ = 0;
  std::uint32_t busy_ = 0;
  std::uint32_t away_ = 0;  ///< Busy ones that have seceded.
  bool closed_ = false;
  std::atomic<bool> interrupted_ = false;
  std::list<place> places_;  ///< One for each thread.
};

}  // namespace troupe
