#pragma once

#include <functional>
#include <string>

#include <troupe/task.hpp>

namespace troupe {

/// The program `troupe worker`, and what worker_main() is: see <troupe/worker.hpp> for exit codes.
///
/// argv[0] is skipped; the rest are its options. `program` is what people type to get here, for
/// --help. `register_tasks` may be empty.
int run_worker(const std::string& program, int argc, char** argv,
               const std::function<void(task_registry&)>& register_tasks);

}  // namespace troupe
