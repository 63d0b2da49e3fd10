#pragma once

#include <functional>

#include <troupe/task.hpp>

namespace troupe {

/// Whether this process was started to be a worker, or to be the process of a cluster of them: its
/// first argument is --troupe-worker or --troupe-cluster. A
/// program that is client and worker in one begins like this:
///
///   int main(int argc, char** argv) {
///     if (troupe::is_worker(argc, argv)) return troupe::worker_main(argc, argv, register_tasks);
bool is_worker(int argc, char** argv);

/// Is a worker until the scheduler ends it, is lost, or a signal comes; gives the exit code of the
/// process. What is after --troupe-worker is as for `troupe worker` (see `troupe worker --help`).
///
/// The first SIGINT or SIGTERM ends it in order: functions that run get 2 seconds to finish, and
/// are reported; a second signal ends it at once. With TROUPE_LIFELINE_FD, the number of a pipe's
/// read end, it ends at once when the other end is closed: the owner is gone.
///
/// Exit codes:
///   0          ended in order, by the scheduler or a first signal
///   1          it could not start: command line, configuration, task library or own address
///   2          no connection: nobody answered, or refused it; or scheduler or owner were lost
///   3          at once, to end a function: see future::kill()
///   4          at once, because it used more than its share worker.memory_terminate of its memory
///   128 + n    ended at once by a second signal n: 130 for SIGINT, 143 for SIGTERM
int worker_main(int argc, char** argv, const std::function<void(task_registry&)>& register_tasks);

}  // namespace troupe
