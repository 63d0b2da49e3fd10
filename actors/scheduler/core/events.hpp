#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include "actors/scheduler/core/amounts.hpp"
#include "actors/scheduler/core/journal.hpp"
#include "serialization/messages.hpp"

namespace troupe::core {

using time_point = std::chrono::steady_clock::time_point;

namespace scheduling {

// What can happen to a scheduler. `connection` is the shell's number for a connection that has no
// client_id or worker_id yet.

struct client_joined {
  std::uint64_t connection = 0;
  std::shared_ptr<const hello> who;
};

struct worker_joined {
  std::uint64_t connection = 0;
  std::shared_ptr<const hello> who;
};

struct client_said {
  client_id client;
  client_message message;
};

struct worker_said {
  worker_id worker;
  worker_message message;
};

/// Its connection broke. It may come back: see scheduler_options::client_grace.
struct client_lost {
  client_id client;
};

struct worker_lost {
  worker_id worker;
};

struct clock_ticked {};

/// The place of a worker says how it ended. May come before worker_lost, or never.
struct launch_ended {
  std::string launch;
  std::string how;
};

/// Its workers are to leave. They are to have joined.
struct launch_unwanted {
  std::string launch;
};

/// At the start, with scheduler_options::journal: each record that there is, then journal_ended.
struct journal_read {
  journal_record record;
};

struct journal_ended {};

using event =
    std::variant<client_joined, worker_joined, client_said, worker_said, client_lost, worker_lost,
                 clock_ticked, launch_ended, launch_unwanted, journal_read, journal_ended>;

// What a scheduler wants done.

/// From now on the connection is this client.
struct admit_client {
  std::uint64_t connection = 0;
  client_id client;

  friend bool operator==(const admit_client&, const admit_client&) = default;
};

struct admit_worker {
  std::uint64_t connection = 0;
  worker_id worker;

  friend bool operator==(const admit_worker&, const admit_worker&) = default;
};

/// The connection that was this client or worker until now is nobody any more, and is to be closed:
/// it is here on a newer one. No client_lost or worker_lost comes of it.
struct dismiss_client {
  client_id client;

  friend bool operator==(const dismiss_client&, const dismiss_client&) = default;
};

struct dismiss_worker {
  worker_id worker;

  friend bool operator==(const dismiss_worker&, const dismiss_worker&) = default;
};

/// Write this to the journal, before anything that is said in the same turn is sent.
struct keep_record {
  journal_record record;

  friend bool operator==(const keep_record&, const keep_record&) = default;
};

struct tell_client {
  client_id client;
  client_reply message;

  friend bool operator==(const tell_client&, const tell_client&) = default;
};

struct tell_worker {
  worker_id worker;
  worker_order_message message;

  friend bool operator==(const tell_worker&, const tell_worker&) = default;
};

/// What workers have, or what there is for them.
struct work_load {
  std::uint64_t runs = 0;
  std::uint64_t work_ns = 0;        ///< What they are expected to take, on one thread.
  std::uint64_t results_bytes = 0;  ///< That are kept.

  /// To do without those workers: their results in bytes, and as many for each nanosecond of work.
  std::uint64_t cost() const noexcept { return results_bytes + work_ns; }

  friend bool operator==(const work_load&, const work_load&) = default;
};

/// What there is to do, for who decides how many workers there are.
struct scheduler_load {
  std::uint64_t clients = 0;
  std::map<amounts, work_load> queued = {};  ///< By the resources that each run needs.
  /// What the workers of each launch have; "": those of no launch.
  std::map<std::string, work_load> launches = {};

  friend bool operator==(const scheduler_load&, const scheduler_load&) = default;
};

using effect = std::variant<admit_client, admit_worker, dismiss_client, dismiss_worker, keep_record,
                            tell_client, tell_worker>;

}  // namespace scheduling

}  // namespace troupe::core
