#pragma once

#include <chrono>
#include <cstdint>

namespace troupe {

/// How large a cluster is to be. What is left at 0 is not asked for; of what is, the largest
/// counts.
struct cluster_size {
  std::uint32_t workers = 0;
  std::uint32_t launches = 0;  ///< Processes, jobs, pods: each holds cluster.workers_per_launch.
  std::uint64_t cores = 0;     ///< Threads of all workers together.
  std::uint64_t memory_bytes = 0;  ///< Of all workers together.

  friend bool operator==(const cluster_size&, const cluster_size&) = default;
};

/// How a cluster follows its load.
struct adapt_options {
  cluster_size minimum = {};
  cluster_size maximum = {};
  /// What there is to do should be done within this time: more makes fewer, busier workers.
  std::chrono::nanoseconds target = std::chrono::seconds(5);
  /// Workers that were not needed for so long leave. Where launches have to wait in a queue, as
  /// long as they lately had to wait, if that is more.
  std::chrono::nanoseconds idle = std::chrono::seconds(30);
};

}  // namespace troupe
