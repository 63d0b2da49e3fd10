#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <troupe/error.hpp>
#include <troupe/id.hpp>
#include <troupe/value.hpp>

#include "serialization/hello.hpp"
#include "serialization/snapshot.hpp"
#include "serialization/story.hpp"
#include "serialization/task_spec.hpp"

namespace troupe {

// Client to scheduler.

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
  bool kill = false;  ///< End the worker process if the function runs there.

  friend bool operator==(const cancel_task&, const cancel_task&) = default;
};

/// A fetch from `worker` failed. Answered by task_done once the result is somewhere (else), now or
/// after it has been computed again, or by task_failed.
struct locate_result {
  task_id task;
  worker_id worker;

  friend bool operator==(const locate_result&, const locate_result&) = default;
};

/// Answered by snapshot_reply. Observers may send this, steer_cluster, explain_task and
/// retire_workers.
struct inspect_cluster {
  friend bool operator==(const inspect_cluster&, const inspect_cluster&) = default;
};

// What a client says that comes back. First each task that is not done, again as submit_task or
// scatter_data; claim_task for the others that it still wants; then end_claims, and what it has not
// named is released. Tasks that the scheduler has are not made twice.

/// Answered by task_done or task_failed as soon as either is true.
struct claim_task {
  task_id task;

  friend bool operator==(const claim_task&, const claim_task&) = default;
};

struct end_claims {
  friend bool operator==(const end_claims&, const end_claims&) = default;
};

/// The client will not come back: all that it wants is released at once.
struct leave_scheduler {
  friend bool operator==(const leave_scheduler&, const leave_scheduler&) = default;
};

/// For who owns the cluster. Answered by snapshot_reply.
struct steer_cluster {
  enum class order : std::uint8_t {
    end,    ///< It and its workers.
    scale,  ///< The group to `count` workers.
  };
  order what = order::end;
  std::uint32_t count = 0;
  std::string group = {};  ///< Empty: the only one.

  friend bool operator==(const steer_cluster&, const steer_cluster&) = default;
};

/// Answered by task_story.
struct explain_task {
  task_id task;

  friend bool operator==(const explain_task&, const explain_task&) = default;
};

/// Have the result on so many workers, as far as there are so many, while the future is there.
struct replicate_result {
  task_id task;
  std::uint64_t copies = 1;

  friend bool operator==(const replicate_result&, const replicate_result&) = default;
};

/// Move results from workers that have much to workers that have little.
struct rebalance_results {
  friend bool operator==(const rebalance_results&, const rebalance_results&) = default;
};

/// Have these workers leave in order, as if their time was over. Answered by snapshot_reply.
struct retire_workers {
  std::vector<std::string> names;

  friend bool operator==(const retire_workers&, const retire_workers&) = default;
};

/// The task is to run to its end, even if nobody wants its result any more.
struct detach_task {
  task_id task;
  bool over = false;  ///< It has: a scheduler says so to its journal.

  friend bool operator==(const detach_task&, const detach_task&) = default;
};

// Scheduler to client.

/// The answer to a client's hello. To one that comes back: under its old id in the same session its
/// tasks are as it left them; under a new one they are gone.
struct welcome_client {
  client_id client;
  std::string scheduler;             ///< Its name, for people.
  uuid session{};                    ///< Of the scheduler.
  std::chrono::nanoseconds grace{};  ///< How long the client may be away; zero: not at all.

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

/// The scheduler ends in order: it is no use to wait for it.
struct scheduler_ends {
  friend bool operator==(const scheduler_ends&, const scheduler_ends&) = default;
};

}  // namespace troupe
