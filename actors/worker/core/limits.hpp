#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace troupe::core {

/// From how many bytes on a worker does what about its memory. Never, by default.
struct memory_marks {
  static constexpr auto never = std::numeric_limits<std::uint64_t>::max();

  std::uint64_t target = never;  ///< Of results in memory: the least recently used go to disk.
  std::uint64_t spill = never;   ///< Of the process: so many go that it should come down to target.
  std::uint64_t pause = never;   ///< Of the process: nothing new starts, ...
  std::uint64_t resume = never;  ///< ... until it is below this.
  std::uint64_t end = never;     ///< Of the process: it ends.
  std::uint64_t disk = never;    ///< Files take no more than this.
};

/// What a worker may do at once.
struct worker_limits {
  std::uint32_t threads = 1;               ///< Runs that the executor works on at one time.
  std::uint64_t inline_result_max = 4096;  ///< Results up to this size go along with run_finished.

  /// How much work may wait in the executor beyond what it works on, so that short functions do not
  /// cost a round trip each. Nothing does while functions take longer than this, or at zero.
  std::chrono::nanoseconds ahead = std::chrono::microseconds(500);
  std::uint32_t ahead_max = 256;  ///< The same, in runs.
  memory_marks memory = {};

  // Bytes of results that come at one time. One always may, however large.
  std::uint64_t fetch_max = memory_marks::never;       ///< From all peers together.
  std::uint64_t fetch_peer_max = memory_marks::never;  ///< From each.
  std::uint64_t fetch_small = 64 << 10;                ///< Results up to this size do not count.
};

/// A worker in numbers.
struct worker_counters {
  std::uint64_t runs_waiting = 0;    ///< For inputs.
  std::uint64_t runs_ready = 0;      ///< For a thread.
  std::uint64_t runs_executing = 0;  ///< Given to the executor, cancelled ones included.
  std::uint64_t runs_finished = 0;   ///< Since the start.
  std::uint64_t runs_failed = 0;
  std::uint64_t fetches = 0;  ///< Inputs asked of peers and not here yet.
  std::uint64_t results = 0;
  std::uint64_t results_bytes = 0;
  std::uint64_t spilled_bytes = 0;
  bool paused = false;

  friend bool operator==(const worker_counters&, const worker_counters&) = default;
};

}  // namespace troupe::core
