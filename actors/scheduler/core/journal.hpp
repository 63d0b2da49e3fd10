#pragma once

#include <variant>

#include "serialization/messages.hpp"

namespace troupe::core::scheduling {

// What a scheduler writes down so that it can go on after a restart. Read in the same order they
// lead to the same tasks. What has been computed, where results lie and what runs is not among it:
// that the workers tell when they come back.

/// The first record.
struct journal_begun {
  uuid session{};

  friend bool operator==(const journal_begun&, const journal_begun&) = default;
};

struct client_admitted {
  client_id client;
  uuid process{};

  friend bool operator==(const client_admitted&, const client_admitted&) = default;
};

/// It left, or stayed away for too long, and so nobody wants its results any more.
struct client_released {
  client_id client;

  friend bool operator==(const client_released&, const client_released&) = default;
};

struct worker_admitted {
  worker_id worker;
  uuid process{};

  friend bool operator==(const worker_admitted&, const worker_admitted&) = default;
};

struct worker_gone {
  worker_id worker;

  friend bool operator==(const worker_gone&, const worker_gone&) = default;
};

/// Runs have numbers up to this one.
struct runs_reserved {
  run_id last;

  friend bool operator==(const runs_reserved&, const runs_reserved&) = default;
};

/// submit_task, scatter_data, release_task, detach_task and name_dataset are as the client said
/// them; task_failed is what it was told, or would have been.
using journal_record = std::variant<submit_task, scatter_data, release_task, detach_task,
                                    name_dataset, task_failed, journal_begun, client_admitted,
                                    client_released, worker_admitted, worker_gone, runs_reserved>;

}  // namespace troupe::core::scheduling
