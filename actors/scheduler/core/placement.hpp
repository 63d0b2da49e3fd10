#pragma once

#include <cstdint>
#include <span>

namespace troupe::core {

/// A worker that could get a task.
struct candidate {
  std::uint32_t worker = 0;
  std::uint64_t wait_ns = 0;        ///< Until a thread is free, about.
  std::uint64_t bytes_to_move = 0;  ///< Inputs that it does not hold.
  std::uint32_t inputs_to_move = 0;

  friend bool operator==(const candidate&, const candidate&) = default;
};

/// When the task could start there: the wait, plus the time to bring the inputs.
std::uint64_t start_ns(const candidate&);

/// The one where the task can start first; of equals the first. There must be one.
const candidate& choose(std::span<const candidate>);

}  // namespace troupe::core
