#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "actors/worker/core/disk_events.hpp"
#include "serialization/messages.hpp"

namespace troupe::core {

using time_point = std::chrono::steady_clock::time_point;

namespace working {

// What can happen to a worker. `connection` is the shell's number for a peer that fetches from us.

struct scheduler_said {
  worker_order_message message;
};

/// The executor has run the function.
struct run_executed {
  task_id task;
  run_id run;
  value content;  ///< If why.code is ok.
  error why;
  std::chrono::nanoseconds duration{};
};

/// The function gives up its thread's place for a while: as many others may run.
struct run_away {
  task_id task;
  run_id run;
};

/// It has it back.
struct run_back {
  task_id task;
  run_id run;
};

/// A peer answered fetch_from.
struct value_received {
  worker_id peer;
  task_id task;
  value content;
};

struct value_absent {
  worker_id peer;
  task_id task;
};

/// Nothing that was asked of this peer will be answered.
struct peer_lost {
  worker_id peer;
};

/// A client pushed scattered data.
struct value_stored {
  task_id task;
  value content;
};

/// Somebody wants a result of ours.
struct result_asked {
  std::uint64_t connection = 0;
  task_id task;
};

/// What this process uses.
struct memory_measured {
  std::uint64_t used_bytes = 0;
};

/// Time for the next worker_report.
struct report_due {};

/// It is time to go, but not at once.
struct leave_wanted {};

using event = std::variant<scheduler_said, run_executed, run_away, run_back, value_received,
                           value_absent, peer_lost, value_stored, result_asked, memory_measured,
                           clock_ticked, report_due, result_spilled, spill_failed, leave_wanted>;

// What a worker wants done.

struct tell_scheduler {
  worker_message message;

  friend bool operator==(const tell_scheduler&, const tell_scheduler&) = default;
};

/// Where the peer is; said before the first fetch_from it.
struct know_peer {
  worker_id peer;
  std::string address;

  friend bool operator==(const know_peer&, const know_peer&) = default;
};

struct fetch_from {
  worker_id peer;
  task_id task;

  friend bool operator==(const fetch_from&, const fetch_from&) = default;
};

/// An input that a run which executes here makes.
struct awaited_input {
  std::uint32_t position = 0;
  run_id maker;

  friend bool operator==(const awaited_input&, const awaited_input&) = default;
};

/// Run the function on a pool thread, and come back with run_executed. Before that, wait for the
/// awaited inputs: they come from their makers inside the executor, or by pass_input.
struct execute {
  task_id task;
  run_id run;
  spec_ptr spec;
  value arguments;
  std::vector<value> inputs;  ///< In the order of run_task::inputs.
  std::vector<awaited_input> awaits;

  friend bool operator==(const execute& a, const execute& b) {
    return a.task == b.task && a.run == b.run && a.arguments == b.arguments &&
           a.inputs == b.inputs && a.awaits == b.awaits;
  }
};

/// An awaited input of a run that was given to the executor, which may have it already.
struct pass_input {
  run_id run;
  std::uint32_t position = 0;
  value content;

  friend bool operator==(const pass_input&, const pass_input&) = default;
};

/// The run is cancelled: do not run the function if that has not begun, else tell it. run_executed
/// comes either way.
struct skip_execution {
  run_id run;

  friend bool operator==(const skip_execution&, const skip_execution&) = default;
};

/// End this process: it uses more memory than it may.
struct end_for_memory {
  std::uint64_t used_bytes = 0;

  friend bool operator==(const end_for_memory&, const end_for_memory&) = default;
};

/// End this process, if there is nothing else in it, for this run's function must not go on.
struct kill_process {
  task_id task;
  run_id run;

  friend bool operator==(const kill_process&, const kill_process&) = default;
};

/// result_value or result_absent for who asked.
struct answer {
  std::uint64_t connection = 0;
  data_message message;

  friend bool operator==(const answer&, const answer&) = default;
};

/// It leaves on order: end it after worker.leave_timeout even if it has not been let go.
struct limit_leaving {
  friend bool operator==(const limit_leaving&, const limit_leaving&) = default;
};

/// Nothing more will come from this worker; end it.
struct end_worker {
  friend bool operator==(const end_worker&, const end_worker&) = default;
};

using effect = std::variant<tell_scheduler, know_peer, fetch_from, execute, pass_input,
                            skip_execution, kill_process, spill_result, load_result, remove_file,
                            end_for_memory, answer, limit_leaving, end_worker>;

}  // namespace working

}  // namespace troupe::core
