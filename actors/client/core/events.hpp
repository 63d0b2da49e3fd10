#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

#include "serialization/messages.hpp"

namespace troupe::core {

using time_point = std::chrono::steady_clock::time_point;

namespace asking {

// What can happen to a client. Its user's calls come in as events like everything else.

struct scheduler_said {
  client_reply message;
};

/// The connection to the scheduler broke, or an attempt to make it again failed.
struct connection_lost {
  error why;
};

/// There will be no scheduler again, and with it every result that is not fetched yet is gone.
struct scheduler_lost {
  error why;
};

struct clock_ticked {};

struct task_submitted {
  submit_task task;
};

/// A value to put on a worker.
struct data_scattered {
  task_id task;
  value content;
};

/// Somebody waits for the value itself, not only for its being there.
struct value_wanted {
  task_id task;
};

struct future_dropped {
  task_id task;
};

struct cancel_wanted {
  task_id task;
  bool kill = false;  ///< With the process that runs it.
};

/// A worker answered fetch_from.
struct value_received {
  worker_id peer;
  task_id task;
  value content;
};

struct value_absent {
  worker_id peer;
  task_id task;
};

/// Nothing that was asked of this worker will be answered, and what was pushed may be lost.
struct peer_lost {
  worker_id peer;
};

using event = std::variant<scheduler_said, connection_lost, scheduler_lost, clock_ticked,
                           task_submitted, data_scattered, value_wanted, future_dropped,
                           cancel_wanted, value_received, value_absent, peer_lost>;

// What a client wants done.

struct tell_scheduler {
  client_message message;

  friend bool operator==(const tell_scheduler&, const tell_scheduler&) = default;
};

/// Connect to the scheduler again, as this client of that session. Answered by scheduler_said or
/// connection_lost.
struct call_scheduler {
  uuid session{};
  client_id client;

  friend bool operator==(const call_scheduler&, const call_scheduler&) = default;
};

/// The scheduler is lost for good; said once, after all that waits has failed.
struct end_client {
  error why;

  friend bool operator==(const end_client&, const end_client&) = default;
};

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

/// Send scattered data to this worker.
struct push_to {
  worker_id peer;
  task_id task;
  value content;

  friend bool operator==(const push_to&, const push_to&) = default;
};

/// The result exists on the cluster. get() may still have to fetch it.
struct mark_done {
  task_id task;

  friend bool operator==(const mark_done&, const mark_done&) = default;
};

/// The value is here.
struct deliver {
  task_id task;
  value content;

  friend bool operator==(const deliver&, const deliver&) = default;
};

/// There will be no value.
struct mark_failed {
  task_id task;
  error why;

  friend bool operator==(const mark_failed&, const mark_failed&) = default;
};

using effect = std::variant<tell_scheduler, call_scheduler, end_client, know_peer, fetch_from,
                            push_to, mark_done, deliver, mark_failed>;

}  // namespace asking

}  // namespace troupe::core
