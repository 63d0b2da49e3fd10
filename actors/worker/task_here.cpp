#include "actors/worker/task_here.hpp"

#include <troupe/task_context.hpp>

namespace troupe {

namespace {

thread_local task_here* on_this_thread = nullptr;

}  // namespace

task_here* task_here::here() noexcept {
  return on_this_thread;
}

void task_here::set_here(task_here* what) noexcept {
  on_this_thread = what;
}

bool cancelled() noexcept {
  auto* task = task_here::here();
  return task && task->cancelled();
}

client current_client() {
  if (auto* task = task_here::here()) return task->connect();
  throw exception({errc::bad_argument,
                   "current_client() is for functions that run as tasks, on the thread that runs "
                   "them; elsewhere make a troupe::client"});
}

void secede() {
  if (auto* task = task_here::here(); task && !task->away()) task->secede();
}

void rejoin() {
  if (auto* task = task_here::here(); task && task->away()) task->rejoin();
}

}  // namespace troupe
