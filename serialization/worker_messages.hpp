#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include <troupe/error.hpp>
#include <troupe/id.hpp>
#include <troupe/value.hpp>

#include "serialization/hello.hpp"
#include "serialization/task_spec.hpp"

namespace troupe {

// Scheduler to worker.

/// The answer to a worker's hello. A worker that comes back to the same session says what it holds
/// (result_added) and runs (running_task, in the order in which they were given to it, and
/// run_seceded), how it is (worker_changed), and ends that with registered.
struct welcome_worker {
  worker_id worker;
  uuid session{};

  friend bool operator==(const welcome_worker&, const welcome_worker&) = default;
};

struct run_task {
  task_id task;
  run_id run;
  spec_ptr spec;
  value arguments;
  std::vector<input_location> inputs;

  friend bool operator==(const run_task& a, const run_task& b) {
    return a.task == b.task && a.run == b.run &&
           (a.spec == b.spec || (a.spec && b.spec && *a.spec == *b.spec)) &&
           a.arguments == b.arguments && a.inputs == b.inputs;
  }
};

/// Nobody needs the result any more.
struct drop_result {
  task_id task;

  friend bool operator==(const drop_result&, const drop_result&) = default;
};

/// Do not start this run; if it has started, its report will be ignored.
struct cancel_run {
  task_id task;
  run_id run;
  bool kill = false;  ///< If it has started, end the process if you can.

  friend bool operator==(const cancel_run&, const cancel_run&) = default;
};

/// Fetch these results and keep them; answered by result_added for each that could be had. Their
/// last holder is about to leave.
struct replicate_results {
  std::vector<input_location> results;

  friend bool operator==(const replicate_results&, const replicate_results&) = default;
};

/// Close in order: nothing more will be asked of this worker.
struct stop_worker {
  friend bool operator==(const stop_worker&, const stop_worker&) = default;
};

/// Answered by worker_changed with `leaving`: the worker's launch is to end.
struct leave_cluster {
  friend bool operator==(const leave_cluster&, const leave_cluster&) = default;
};

/// Say run_returned if this run has not started, and nothing otherwise: another worker is idle.
struct return_run {
  task_id task;
  run_id run;

  friend bool operator==(const return_run&, const return_run&) = default;
};

// Worker to scheduler.

struct run_finished {
  task_id task;
  run_id run;
  std::uint64_t size = 0;
  std::chrono::nanoseconds duration{};
  bool inlined = false;  ///< `small` is the result; the worker keeps it too.
  value small;

  friend bool operator==(const run_finished&, const run_finished&) = default;
};

/// The function threw, or could not be called.
struct run_failed {
  task_id task;
  run_id run;
  error why;

  friend bool operator==(const run_failed&, const run_failed&) = default;
};

/// None of the holders gave these inputs; the run is not started and forgotten by the worker.
struct inputs_missing {
  task_id task;
  run_id run;
  std::vector<input_location> missing;  ///< `holders` are those that were asked in vain.

  friend bool operator==(const inputs_missing&, const inputs_missing&) = default;
};

/// The function waits for something that others may have to do first: this run takes no thread,
/// until run_rejoined.
struct run_seceded {
  task_id task;
  run_id run;

  friend bool operator==(const run_seceded&, const run_seceded&) = default;
};

struct run_rejoined {
  task_id task;
  run_id run;

  friend bool operator==(const run_rejoined&, const run_rejoined&) = default;
};

/// The worker has not started this run, and will not: it is paused or about to leave.
struct run_returned {
  task_id task;
  run_id run;

  friend bool operator==(const run_returned&, const run_returned&) = default;
};

/// A paused or leaving worker starts nothing new and still serves its results.
struct worker_changed {
  worker_state state = worker_state::running;

  friend bool operator==(const worker_changed&, const worker_changed&) = default;
};

/// The worker holds this result now although it did not run the task: fetched or scattered.
struct result_added {
  task_id task;
  std::uint64_t size = 0;

  friend bool operator==(const result_added&, const result_added&) = default;
};

/// Of a worker that comes back: it still works on this run. Answered by cancel_run if that is not
/// wanted.
struct running_task {
  task_id task;
  run_id run;

  friend bool operator==(const running_task&, const running_task&) = default;
};

/// A worker that came back has told all that it holds and runs.
struct registered {
  friend bool operator==(const registered&, const registered&) = default;
};

/// How the worker is, every few seconds.
struct worker_report {
  std::uint64_t memory_used_bytes = 0;
  std::uint64_t results_bytes = 0;
  std::uint64_t spilled_bytes = 0;  ///< What results take on its disk.

  friend bool operator==(const worker_report&, const worker_report&) = default;
};

}  // namespace troupe
