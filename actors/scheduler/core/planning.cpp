#include <utility>

#include "actors/scheduler/core/scheduler.hpp"

namespace troupe::core {

// A task whose missing inputs are all being made on one worker is sent there at once. The worker
// runs it when they are there, so a chain of tasks costs no round trip each. It counts as a run of
// the worker like any other: if the run of an input ends without a result, those planned behind it
// are taken back.

void scheduler::plan_ahead() {
  if (const auto worker = std::exchange(relieved_, none); worker < frontiers_.size()) {
    auto& waiting = frontiers_[worker];
    while (!waiting.empty() && workers_[worker].id && workers_.can_plan_for(worker)) {
      const auto id = waiting.front();
      waiting.pop_front();
      if (const auto slot = tasks_.find(id); slot != none) plan(slot);
    }
  }
  // By index: planning a task makes its dependents worth a look.
  for (std::size_t i = 0; i < to_plan_.size(); ++i)
    if (const auto slot = tasks_.find(to_plan_[i]); slot != none) plan(slot);
  to_plan_.clear();
}

void scheduler::plan(std::uint32_t slot) {
  const auto& t = tasks_[slot];
  if (t.state != task_state::waiting || t.doomed || t.delayed) return;
  const auto worker = tasks_.maker_of_missing(slot);
  if (worker == none) return hurry_inputs(slot);
  const auto& lane = catalog_.lane_at(t.lane);
  if (!ready_.serves(workers_[worker].group, t.lane)) return;
  // What needs resources or is long would keep others from them, and from threads, while it waits.
  if (!lane.needs.empty() || !catalog_.is_short(t.lane)) return;
  if (workers_.can_plan_for(worker)) {
    tasks_.stand_in_line(slot);
    assign(slot, worker);
    return;
  }
  if (worker >= frontiers_.size()) frontiers_.resize(worker + 1);
  frontiers_[worker].push_back(t.id);
}

/// What it waits with is used up the sooner, the sooner the rest comes.
void scheduler::hurry_inputs(std::uint32_t slot) {
  for (const auto sooner : tasks_.hurry_inputs(slot))
    ready_.push(sooner, catalog_.spec_at(tasks_[sooner].spec).what->priority);
}

void scheduler::plan_dependents(std::uint32_t slot) {
  tasks_.for_each_dependent(slot, [&](std::uint32_t dependent) {
    if (tasks_[dependent].state == task_state::waiting) to_plan_.push_back(tasks_[dependent].id);
  });
}

/// The task's run on that worker has ended without a result.
void scheduler::take_back_planned(task_id first, std::uint32_t worker) {
  std::vector<task_id> back;
  const auto look_behind = [&](task_id id) {
    const auto slot = tasks_.find(id);
    if (slot == none) return;
    tasks_.for_each_dependent(slot, [&](std::uint32_t dependent) {
      const auto& d = tasks_[dependent];
      if (d.state != task_state::processing || d.worker != worker) return;
      stop_run(dependent);
      tasks_.set_state(dependent, task_state::waiting);
      back.push_back(d.id);
    });
  };
  look_behind(first);
  for (std::size_t i = 0; i < back.size(); ++i)
    look_behind(back[i]);
  for (const auto id : back) {
    const auto slot = tasks_.find(id);
    if (slot != none && tasks_[slot].state == task_state::waiting) compute(slot);
  }
}

}  // namespace troupe::core
