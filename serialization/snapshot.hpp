#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <troupe/id.hpp>

#include "serialization/task_spec.hpp"

namespace troupe {

// A cluster at one moment, for people and dashboards.

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
  std::uint64_t spilled_bytes = 0;  ///< As last reported.
  worker_state state = worker_state::running;

  friend bool operator==(const worker_snapshot&, const worker_snapshot&) = default;
};

enum class launch_state : std::uint8_t {
  submitted,  ///< The place has been asked for it.
  pending,    ///< In the place's queue.
  starting,   ///< It has a machine; no worker has joined.
  running,    ///< Some of its workers have joined.
  draining,   ///< It is to end: its workers leave.
  stopped,    ///< It has ended as it should.
  failed,     ///< It has ended otherwise.
  lost,       ///< It has ended, and the place does not know how.
};

/// What a place runs for a cluster: a process, a job.
struct launch_snapshot {
  std::uint64_t number = 0;
  std::string id;     ///< What the place calls it.
  std::string group;  ///< Of workers; may be empty.
  launch_state state = launch_state::submitted;
  std::uint32_t workers = 0;        ///< That it holds...
  std::uint32_t joined = 0;         ///< ... of which so many are here.
  std::string words;                ///< Why it waits, drains or has ended.
  std::uint64_t since_seconds = 0;  ///< It was ordered so long ago.
  /// It is expected to start (if it is pending) or has to end (if not) in so long; 0: unknown.
  std::uint64_t in_seconds = 0;

  friend bool operator==(const launch_snapshot&, const launch_snapshot&) = default;
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
  std::vector<std::string> stuck;   ///< What has not gone on for long, and why.
  std::vector<worker_snapshot> workers;
  std::string cluster;  ///< What its owner wants, and what holds it up. Empty: it has no owner.
  std::vector<launch_snapshot> launches;
  std::uint32_t wanted = 0;         ///< Workers that its owner wants.
  std::string hopeless;             ///< Why it launches no more of them; empty if it does.
  std::vector<std::string> groups;  ///< Of its workers; empty: all are alike.

  friend bool operator==(const cluster_snapshot&, const cluster_snapshot&) = default;
};

/// A snapshot as a message. It lies apart because each reply of a batch takes as much room as the
/// largest kind of reply, and this would be that by far.
struct snapshot_reply {
  explicit snapshot_reply(cluster_snapshot s = {})
      : shown(std::make_shared<const cluster_snapshot>(std::move(s))) {}

  std::shared_ptr<const cluster_snapshot> shown;  ///< Never null.

  friend bool operator==(const snapshot_reply& a, const snapshot_reply& b) {
    return *a.shown == *b.shown;
  }
};

}  // namespace troupe
