#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace troupe {

/// A number that only compares with its own kind: a worker_id is never a task_id.
///
/// Zero is no id: the first one handed out is 1.
template <class Tag>
struct id {
  std::uint64_t value = 0;

  explicit operator bool() const noexcept { return value != 0; }

  friend auto operator<=>(id, id) = default;
};

/// One connected client; handed out by the scheduler, never reused.
using client_id = id<struct client_tag>;

/// One worker process (or in-process worker); handed out by the scheduler, never reused.
using worker_id = id<struct worker_tag>;

/// One attempt to run a task; handed out by the scheduler, never reused.
using run_id = id<struct run_tag>;

/// A task and its result: which client made it, and its number there. See make_task_id().
using task_id = id<struct task_tag>;

inline constexpr unsigned task_number_bits = 40;

/// Clients number their tasks from 1, so an id needs no round trip and indexes a table.
constexpr task_id make_task_id(client_id client, std::uint64_t number) noexcept {
  return {client.value << task_number_bits | number};
}

constexpr client_id client_of(task_id task) noexcept {
  return {task.value >> task_number_bits};
}

constexpr std::uint64_t number_of(task_id task) noexcept {
  return task.value & ((std::uint64_t{1} << task_number_bits) - 1);
}

}  // namespace troupe

template <class Tag>
struct std::hash<troupe::id<Tag>> {
  std::size_t operator()(troupe::id<Tag> x) const noexcept {
    // Fibonacci hashing: ids are dense, and unordered_map takes the low bits.
    return static_cast<std::size_t>(x.value * 0x9E3779B97F4A7C15u >> 7);
  }
};
