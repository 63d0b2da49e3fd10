#pragma once

#include <troupe/client.hpp>

namespace troupe {

// For functions that run as tasks, on the thread that runs them.

/// Whether to stop early: nobody waits for this run any more (it was cancelled, its timeout is
/// over, its last future is gone), or its worker is about to end. What the function returns then is
/// thrown away, and it runs again elsewhere if it is still wanted. Cheap enough for an inner loop;
/// false outside of tasks.
bool cancelled() noexcept;

/// A client of the cluster that runs this task, to submit further tasks. The same for all tasks of
/// a worker process, made at the first call. Unless options say otherwise, what it submits has a
/// priority one above this task's, so that what was begun is finished before more is.
///
/// Waiting for a future in a task lets another task use the thread's place: each task may wait for
/// tasks of its own, on one thread too. Outside of tasks it throws troupe::exception.
client current_client();

/// This task does not count among those that run at one time any more: its worker starts another
/// one. For tasks that mostly wait for something else than futures. Resources stay taken. Does
/// nothing outside of tasks.
void secede();

/// Counts again. Does not wait: until one of them is done, one task too many may run.
void rejoin();

}  // namespace troupe
