#include <algorithm>
#include <utility>

#include "actors/scheduler/core/scheduler.hpp"

// Workers that come back. Their connection broke, so they were lost, with all that only they had;
// under a new id they tell what they hold and run before they are given anything: else they would
// be told to do again what they have done.

namespace troupe::core {

using namespace scheduling;

void scheduler::on(std::uint32_t worker, running_task&& m) {
  const auto slot = tasks_.find(m.task);
  const auto state = slot == none ? task_state::failed : tasks_[slot].state;
  // One that waits for inputs is as good as planned there, if the worker makes all of them.
  const auto planned = [&] {
    const auto& t = tasks_[slot];
    // After a restart its inputs may be with workers that are not back yet.
    return !t.doomed && !t.delayed && (!restart_.over() || tasks_.maker_of_missing(slot) == worker);
  };
  const auto only_doomed = [&] { return tasks_[slot].doomed && tasks_[slot].missing == 1; };
  // It may wait there for the result of one that was given up.
  const auto behind_refused = [&] {
    bool any = false;
    tasks_.for_each_input(slot, [&](std::uint32_t input) {
      any |= workers_[worker].refused.contains(tasks_[input].id);
    });
    return any;
  };
  const bool wanted = (state == task_state::queued ||
                       (state == task_state::waiting && (only_doomed() || planned()))) &&
                      !behind_refused();
  if (!wanted || !workers_[worker].held_back || m.run.value == 0 || m.run.value > last_run_ ||
      !workers_.has_free(worker, catalog_.lane_at(tasks_[slot].lane).needs)) {
    if (workers_[worker].held_back) workers_[worker].refused.insert(m.task);
    tell(worker, cancel_run{m.task, m.run});
    return;
  }
  auto& t = tasks_[slot];
  // It was not lost with that worker after all.
  const auto blamed = losses_.find(m.task);
  if (blamed != losses_.end() && blamed->second.back()->worker == workers_[worker].who->name) {
    t.suspicion = static_cast<std::uint16_t>(t.suspicion - std::min(t.suspicion, loss_weight));
    blamed->second.pop_back();
    if (blamed->second.empty()) losses_.erase(blamed);
  }
  t.run = m.run;
  t.expected_ns = catalog_.expected_ns(t.lane);
  workers_.begin_run(worker, t.expected_ns, catalog_.lane_at(t.lane).needs);
  tasks_.attach(slot, worker);
  tasks_.set_state(slot, task_state::processing);
  story_.note_worker(workers_[worker].id);
}

void scheduler::on(std::uint32_t worker, registered&&) {
  if (!workers_[worker].held_back) return;
  workers_.hold_back(worker, false);
  workers_[worker].refused.clear();
  offer(worker);
  stop_expecting(workers_[worker].who->process);
}

}  // namespace troupe::core
