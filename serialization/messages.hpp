#pragma once

#include <variant>
#include <vector>

#include "serialization/client_messages.hpp"
#include "serialization/data_messages.hpp"
#include "serialization/dataset_messages.hpp"
#include "serialization/hello.hpp"
#include "serialization/worker_messages.hpp"

namespace troupe {

// All that actors say to each other, and what may travel on each kind of connection, in each
// direction. These structs are what wire.hpp turns into frames, and what the machines in core/ take
// as events and give as effects.

/// Client (or observer) to scheduler.
using client_message = std::variant<submit_task, scatter_data, release_task, cancel_task,
                                    locate_result, inspect_cluster, claim_task, end_claims,
                                    leave_scheduler, steer_cluster, explain_task, replicate_result,
                                    rebalance_results, retire_workers, detach_task, name_dataset>;

/// Scheduler to client (or observer).
using client_reply =
    std::variant<welcome_client, introduce_worker, task_done, task_failed, place_data,
                 snapshot_reply, scheduler_ends, task_story, dataset_reply>;

/// Worker to scheduler.
using worker_message =
    std::variant<run_finished, run_failed, inputs_missing, result_added, worker_report, run_seceded,
                 run_rejoined, run_returned, worker_changed, running_task, registered>;

/// Scheduler to worker.
using worker_order_message =
    std::variant<welcome_worker, introduce_worker, run_task, drop_result, cancel_run, stop_worker,
                 replicate_results, leave_cluster, return_run>;

/// Between workers, and between clients and workers, both ways.
using data_message = std::variant<fetch_result, result_value, result_absent, store_result>;

/// Messages to one peer in the order in which they were said.
template <class Message>
using batch = std::vector<Message>;

}  // namespace troupe
