#pragma once

#include <cstdint>

#include <troupe/cluster_size.hpp>
#include <troupe/config.hpp>

#include "config/machine.hpp"

namespace troupe::core {

/// How many workers, and how large each is.
struct worker_plan {
  std::uint32_t workers = 0;
  std::uint32_t threads = 1;       ///< Of each.
  std::uint64_t memory_bytes = 0;  ///< Of each.

  friend bool operator==(const worker_plan&, const worker_plan&) = default;
};

/// What the config leaves open is chosen so that together the workers use the whole share: one
/// thread a core, and the memory in equal parts.
worker_plan plan_workers(const config&, const machine_share&);

/// So many launches, of so many workers each, hold all that is asked for.
std::uint32_t launches_for(const cluster_size&, const worker_plan&, std::uint32_t workers_each);

}  // namespace troupe::core
