#pragma once

#include <cstdint>

#include <troupe/id.hpp>
#include <troupe/value.hpp>

// What a worker says to its disk, and hears of it; part of events.hpp.
namespace troupe::core::working {

/// The file is there. What was loaded from one comes as value_received from this worker itself, and
/// what could not be as value_absent.
struct result_spilled {
  task_id task;
  std::uint64_t file = 0;
  std::uint64_t disk_bytes = 0;
};

/// The disk is full, or broken.
struct spill_failed {
  task_id task;
  std::uint64_t file = 0;
};

struct clock_ticked {};

/// Answered by result_spilled or spill_failed.
struct spill_result {
  task_id task;
  std::uint64_t file = 0;
  value content;

  friend bool operator==(const spill_result&, const spill_result&) = default;
};

/// Answered by value_received or value_absent from this worker itself.
struct load_result {
  task_id task;
  std::uint64_t file = 0;

  friend bool operator==(const load_result&, const load_result&) = default;
};

struct remove_file {
  std::uint64_t file = 0;

  friend bool operator==(const remove_file&, const remove_file&) = default;
};

}  // namespace troupe::core::working
