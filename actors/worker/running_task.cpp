#include "actors/worker/running_task.hpp"

#include <troupe/task_context.hpp>

namespace troupe {

namespace {

thread_local running_task* on_this_thread = nullptr;

}  // namespace

running_task* running_task::here() noexcept {
  return on_this_thread;
}

void running_task::set_here(running_task* what) noexcept {
  on_this_thread = what;
}

bool cancelled() noexcept {
  auto* task = running_task::here();
  return task && task->cancelled();
}

client current_client() {
  if (auto* task = running_task::here()) return task->connect();
  throw exception({errc::bad_argument,
                   "current_client() is for functions that run as tasks, on the thread that runs "
                   "them; elsewhere make a troupe::client"});
}

void secede() {
  if (auto* task = running_task::here(); task && !task->away()) task->secede();
}

void rejoin() {
  if (auto* task = running_task::here(); task && task->away()) task->rejoin();
}

}  // namespace troupe
