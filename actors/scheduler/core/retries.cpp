#include <algorithm>
#include <utility>

#include "actors/scheduler/core/scheduler.hpp"

namespace troupe::core {

namespace {

/// Delays are doubled up to this.
constexpr std::chrono::nanoseconds delay_max = std::chrono::hours(1);

bool worth_retrying(const task_spec& what, const error& why) {
  return what.retry_on.empty() ||
         std::any_of(what.retry_on.begin(), what.retry_on.end(), [&](const std::string& name) {
           return name == why.type || name == to_string(why.code);
         });
}

std::chrono::nanoseconds delay_of(const task_spec& what, std::uint32_t failures) {
  auto delay = what.retry_delay;
  for (; failures > 1 && delay < delay_max; --failures)
    delay = std::min(2 * delay, delay_max);
  return delay;
}

}  // namespace

void scheduler::on(std::uint32_t worker, run_failed&& m) {
  const auto slot = find_run(worker, m.task, m.run);
  if (slot == none) return;  // Late.
  leave_worker(slot);
  workers_.note_finished(worker);
  ++runs_finished_;
  auto& t = tasks_[slot];
  tasks_.set_state(slot, task_state::waiting);
  if (m.why.code == errc::ok) m.why.code = errc::task_failed;
  const auto& what = *catalog_.spec_at(t.spec).what;
  if (t.failures < what.retries && worth_retrying(what, m.why)) {
    ++t.failures;
    try_again(slot);
    take_back_planned(m.task, worker);
    return;
  }
  m.why.task = name_of(slot);
  m.why.worker = workers_[worker].who->name;
  fail(slot, std::move(m.why));
}

void scheduler::try_again(std::uint32_t slot) {
  const auto id = tasks_[slot].id;
  const auto failures = tasks_[slot].failures;
  const auto delay = delay_of(*catalog_.spec_at(tasks_[slot].spec).what, failures);
  compute(slot);
  if (delay <= delay.zero() || !hold_back(slot)) return;
  tasks_[slot].delayed = true;
  delays_[{now_ + delay, id}] = failures;
}

/// Keeps a task that could run, or waits for inputs, waiting for one thing more. False if it is not
/// on its way any more.
bool scheduler::hold_back(std::uint32_t slot) {
  auto& t = tasks_[slot];
  if (t.state == task_state::queued) {
    tasks_.set_state(slot, task_state::waiting);
    t.missing = 0;
  }
  if (t.state != task_state::waiting) return false;  // Failed with an input.
  ++t.missing;
  return true;
}

void scheduler::end_delays() {
  while (!delays_.empty() && delays_.begin()->first.first <= now_) {
    const auto [key, failures] = *delays_.begin();
    delays_.erase(delays_.begin());
    const auto slot = tasks_.find(key.second);
    // It may have been cancelled meanwhile, or come back by another way.
    if (slot == none || !tasks_[slot].delayed || tasks_[slot].failures != failures) continue;
    tasks_[slot].delayed = false;
    if (--tasks_[slot].missing == 0)
      make_ready(slot);
    else
      to_plan_.push_back(key.second);
  }
}

}  // namespace troupe::core
