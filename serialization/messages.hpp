#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <troupe/bytes.hpp>
#include <troupe/error.hpp>
#include <troupe/id.hpp>
#include <troupe/value.hpp>

namespace troupe {

// All that actors say to each other. These structs are what wire.hpp turns into frames, and what
// the machines in core/ take as events and give as effects.

// --- The first frame on every connection -----------------------------------------------------

/// Raised when an older peer could not understand us. Peers of different versions refuse each
/// other.
inline constexpr std::uint16_t protocol_version = 1;

enum class role : std::uint8_t { client, worker, observer, scheduler };

/// Identity of a process: random, made at its start. Never derived from the machine, because
/// containers share pids and network addresses.
using uuid = std::array<std::uint8_t, 16>;

struct task_signature {
  std::string name;
  std::string signature;  ///< In words, e.g. "(text, f64) -> f64"; see codec.hpp.

  friend bool operator==(const task_signature&, const task_signature&) = default;
};

/// Who is calling. Checked by the acceptor before any actor hears of the connection.
struct hello {
  std::uint16_t version = protocol_version;
  role as = role::client;
  uuid process{};
  std::string name;  ///< For people: a worker's name, a client's program.
  std::string host;
  std::uint32_t pid = 0;
  std::string release;  ///< Version of troupe, for people.
  std::string token;    ///< The cluster's shared secret.
  std::string address;  ///< Where a worker serves its results; empty for others.
  std::string launch;   ///< What the backend calls the launch that made this worker, if any.
  std::uint32_t threads = 0;
  std::uint64_t memory_bytes = 0;
  std::map<std::string, double> resources;
  std::vector<task_signature> tasks;  ///< What a worker can run.

  friend bool operator==(const hello&, const hello&) = default;
};

// --- Tasks ------------------------------------------------------------------------------------

/// What many tasks share; sent once per connection and then by number.
struct task_spec {
  std::string function;
  std::string signature;
  std::int32_t priority = 0;  ///< Higher goes first.
  std::uint32_t retries = 0;  ///< How often to run again after an exception.
  std::map<std::string, double> resources;

  friend bool operator==(const task_spec&, const task_spec&) = default;
};

using spec_ptr = std::shared_ptr<const task_spec>;

/// Where one input of a run can be fetched.
struct input_location {
  task_id task;
  std::uint64_t size = 0;
  std::vector<worker_id> holders;  ///< Best first. Empty: the worker that runs the task has it.

  friend bool operator==(const input_location&, const input_location&) = default;
};

// --- Client to scheduler ----------------------------------------------------------------------

/// The sender wants the result until it says release_task. `inputs` are all futures among the
/// arguments, in order; which argument each belongs to is inside `arguments` (see task.hpp).
struct submit_task {
  task_id task;
  spec_ptr spec;
  value arguments;
  std::vector<task_id> inputs;

  friend bool operator==(const submit_task& a, const submit_task& b) {
    return a.task == b.task && (a.spec == b.spec || (a.spec && b.spec && *a.spec == *b.spec)) &&
           a.arguments == b.arguments && a.inputs == b.inputs;
  }
};

/// The client has a value of `size` bytes to put on a worker; answered by place_data.
struct scatter_data {
  task_id task;
  std::uint64_t size = 0;

  friend bool operator==(const scatter_data&, const scatter_data&) = default;
};

/// The last future is gone. The result stays as long as other tasks need it.
struct release_task {
  task_id task;

  friend bool operator==(const release_task&, const release_task&) = default;
};

/// Answered by task_failed with errc::cancelled for the task and all that need it, unless done.
struct cancel_task {
  task_id task;

  friend bool operator==(const cancel_task&, const cancel_task&) = default;
};

/// A fetch from `worker` failed. Answered by task_done once the result is somewhere (else), now or
/// after it has been computed again, or by task_failed.
struct locate_result {
  task_id task;
  worker_id worker;

  friend bool operator==(const locate_result&, const locate_result&) = default;
};

/// Answered by cluster_snapshot. The one message an observer may send.
struct inspect_cluster {
  friend bool operator==(const inspect_cluster&, const inspect_cluster&) = default;
};

// --- Scheduler to client ----------------------------------------------------------------------

/// The answer to a client's hello.
struct welcome_client {
  client_id client;
  std::string scheduler;  ///< Its name, for people.

  friend bool operator==(const welcome_client&, const welcome_client&) = default;
};

/// Said to clients and workers before the worker is first named to them.
struct introduce_worker {
  worker_id worker;
  std::string name;
  std::string address;

  friend bool operator==(const introduce_worker&, const introduce_worker&) = default;
};

/// The result can be fetched from `holder`; small ones come along.
struct task_done {
  task_id task;
  worker_id holder;
  std::uint64_t size = 0;
  bool inlined = false;  ///< `small` is the result.
  value small;

  friend bool operator==(const task_done&, const task_done&) = default;
};

struct task_failed {
  task_id task;
  error why;

  friend bool operator==(const task_failed&, const task_failed&) = default;
};

/// Send the value to this worker, as store_result.
struct place_data {
  task_id task;
  worker_id worker;

  friend bool operator==(const place_data&, const place_data&) = default;
};

struct worker_snapshot {
  worker_id worker;
  std::string name;
  std::string host;
  std::string address;
  std::uint32_t pid = 0;
  std::uint32_t threads = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t memory_used_bytes = 0;  ///< Resident set, as last reported.
  std::uint64_t results = 0;
  std::uint64_t results_bytes = 0;
  std::uint64_t runs_assigned = 0;
  std::uint64_t runs_finished = 0;

  friend bool operator==(const worker_snapshot&, const worker_snapshot&) = default;
};

/// The scheduler at one moment.
struct cluster_snapshot {
  std::string scheduler;
  std::string address;
  std::string release;
  std::uint64_t uptime_seconds = 0;
  std::uint64_t clients = 0;
  std::uint64_t tasks_waiting = 0;     ///< For inputs.
  std::uint64_t tasks_queued = 0;      ///< For a worker.
  std::uint64_t tasks_processing = 0;  ///< On a worker.
  std::uint64_t tasks_in_memory = 0;
  std::uint64_t tasks_failed = 0;
  std::uint64_t runs_finished = 0;  ///< Since the start.
  std::string pending_reason;       ///< Why the first queued task does not run; empty if none is.
  std::vector<worker_snapshot> workers;

  friend bool operator==(const cluster_snapshot&, const cluster_snapshot&) = default;
};

// --- Scheduler to worker ----------------------------------------------------------------------

/// The answer to a worker's hello.
struct welcome_worker {
  worker_id worker;

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

  friend bool operator==(const cancel_run&, const cancel_run&) = default;
};

/// Close in order: nothing more will be asked of this worker.
struct stop_worker {
  friend bool operator==(const stop_worker&, const stop_worker&) = default;
};

// --- Worker to scheduler ----------------------------------------------------------------------

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

/// The worker holds this result now although it did not run the task: fetched or scattered.
struct result_added {
  task_id task;
  std::uint64_t size = 0;

  friend bool operator==(const result_added&, const result_added&) = default;
};

/// How the worker is, every few seconds.
struct worker_report {
  std::uint64_t memory_used_bytes = 0;
  std::uint64_t results_bytes = 0;

  friend bool operator==(const worker_report&, const worker_report&) = default;
};

// --- Between workers, and between clients and workers -----------------------------------------

/// Answered by result_value or result_absent.
struct fetch_result {
  task_id task;

  friend bool operator==(const fetch_result&, const fetch_result&) = default;
};

struct result_value {
  task_id task;
  value content;

  friend bool operator==(const result_value&, const result_value&) = default;
};

struct result_absent {
  task_id task;

  friend bool operator==(const result_absent&, const result_absent&) = default;
};

/// Scattered data: keep it, and tell the scheduler with result_added.
struct store_result {
  task_id task;
  value content;

  friend bool operator==(const store_result&, const store_result&) = default;
};

// --- What may travel on each kind of connection, in each direction ------------------------------

/// Client (or observer) to scheduler.
using client_message = std::variant<submit_task, scatter_data, release_task, cancel_task,
                                    locate_result, inspect_cluster>;

/// Scheduler to client (or observer).
using client_reply = std::variant<welcome_client, introduce_worker, task_done, task_failed,
                                  place_data, cluster_snapshot>;

/// Worker to scheduler.
using worker_message =
    std::variant<run_finished, run_failed, inputs_missing, result_added, worker_report>;

/// Scheduler to worker.
using worker_order_message =
    std::variant<welcome_worker, introduce_worker, run_task, drop_result, cancel_run, stop_worker>;

/// Between workers, and between clients and workers, both ways.
using data_message = std::variant<fetch_result, result_value, result_absent, store_result>;

/// Messages to one peer in the order in which they were said.
template <class Message>
using batch = std::vector<Message>;

}  // namespace troupe
