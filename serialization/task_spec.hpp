#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <troupe/id.hpp>

namespace troupe {

/// What many tasks share; sent once per connection and then by number.
struct task_spec {
  std::string function;
  std::string signature;
  std::int32_t priority = 0;  ///< Higher goes first.
  std::uint32_t retries = 0;  ///< How often to run again after an exception.
  std::map<std::string, double> resources;
  std::chrono::nanoseconds timeout{};  ///< For one run; zero: none.
  /// Before the first retry; before each further one twice as long, up to an hour.
  std::chrono::nanoseconds retry_delay{};
  /// Which exceptions are worth a retry: their types, or names of error codes. Empty: all.
  std::vector<std::string> retry_on = {};
  std::vector<std::string> workers = {};  ///< Names or hosts of those that may run it. Empty: all.
  bool allow_other_workers = false;       ///< While none of those is here, others may.

  friend bool operator==(const task_spec&, const task_spec&) = default;
};

using spec_ptr = std::shared_ptr<const task_spec>;

/// Whether a worker takes new runs, and why not.
enum class worker_state : std::uint8_t {
  running,
  paused,   ///< Its memory is full.
  leaving,  ///< It ends when its only copies are elsewhere.
};

/// Where one input of a run can be fetched.
struct input_location {
  task_id task;
  std::uint64_t size = 0;
  std::vector<worker_id> holders;  ///< Best first. Empty: the worker that runs the task has it.

  friend bool operator==(const input_location&, const input_location&) = default;
};

}  // namespace troupe
