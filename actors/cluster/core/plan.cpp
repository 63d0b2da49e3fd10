#include "actors/cluster/core/plan.hpp"

#include <algorithm>
#include <limits>

namespace troupe::core {

worker_plan plan_workers(const config& options, const machine_share& share) {
  const auto cores = std::max(share.cores, 1U);
  worker_plan plan;
  plan.workers = options.cluster.workers;
  if (plan.workers == 0) plan.workers = std::max(cores / std::max(options.worker.threads, 1U), 1U);
  plan.threads = options.worker.threads;
  if (plan.threads == 0) plan.threads = std::max(cores / plan.workers, 1U);
  plan.memory_bytes = options.worker.memory;
  if (plan.memory_bytes == 0) plan.memory_bytes = share.memory_bytes / plan.workers;
  return plan;
}

std::uint32_t launches_for(const cluster_size& size, const worker_plan& plan,
                           std::uint32_t workers_each) {
  const auto parts = [](std::uint64_t whole, std::uint64_t part) {
    return part == 0 ? 0 : (whole + part - 1) / part;
  };
  const auto each = std::max<std::uint64_t>(workers_each, 1);
  const auto launches = std::max({parts(size.workers, each), std::uint64_t{size.launches},
                                  parts(size.cores, each * plan.threads),
                                  parts(size.memory_bytes, each * plan.memory_bytes)});
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(launches, std::numeric_limits<std::uint32_t>::max() / each));
}

}  // namespace troupe::core
