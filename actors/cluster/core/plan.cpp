#include "actors/cluster/core/plan.hpp"

#include <algorithm>

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

}  // namespace troupe::core
