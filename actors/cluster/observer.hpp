#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <troupe/result.hpp>

#include "actors/runtime/runtime.hpp"
#include "serialization/messages.hpp"

namespace troupe {

/// Asks the scheduler at that address how its cluster is: connects as observer, waits for the
/// answer, and goes. Blocks for at most `limit`.
result<cluster_snapshot> observe(runtime::node&, const std::string& scheduler,
                                 std::chrono::nanoseconds limit);

/// Whether a cluster with these groups has the one that was named; if it has any, one must be.
result<void> check_group(const std::string& wanted, const std::vector<std::string>& groups);

/// The same as observe(), after telling the owner of the cluster to do something. An error if the
/// cluster has no such group.
result<cluster_snapshot> steer(runtime::node&, const std::string& scheduler, const steer_cluster&,
                               std::chrono::nanoseconds limit);

/// The same, after asking workers of these names to leave.
result<cluster_snapshot> retire(runtime::node&, const std::string& scheduler,
                                const std::vector<std::string>& workers,
                                std::chrono::nanoseconds limit);

/// The same about one task.
result<task_story> ask_story(runtime::node&, const std::string& scheduler, task_id,
                             std::chrono::nanoseconds limit);

}  // namespace troupe
