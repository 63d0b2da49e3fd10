#pragma once

#include <troupe/id.hpp>
#include <troupe/value.hpp>

namespace troupe {

// Between workers, and between clients and workers.

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

}  // namespace troupe
