#pragma once

#include <functional>
#include <optional>
#include <string>

#include <troupe/config.hpp>
#include <troupe/task.hpp>

namespace troupe {

/// Whether cluster.jobqueue.mode is "allocation".
bool is_allocation(const config&);

/// For the process of rank 0, whose cluster it is to be: as many workers as there are other
/// processes, which find it by its name.
result<void> prepare_allocation(config&);

/// Whether this process is one of the others, by its rank and the configuration that the arguments
/// and the environment name. False if there is no rank, or no such configuration.
bool is_rank_of_worker(int argc, char** argv);

/// Is that worker, as worker_main(): waits for the process of rank 0.
int be_rank(int argc, char** argv, const std::function<void(task_registry&)>& register_tasks);

}  // namespace troupe
