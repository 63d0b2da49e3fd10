#include <algorithm>
#include <utility>

#include "actors/scheduler/core/scheduler.hpp"

namespace troupe::core {

std::uint32_t scheduler::find_run(std::uint32_t worker, task_id id, run_id run) const {
  const auto slot = tasks_.find(id);
  if (slot == none) return none;
  const auto& t = tasks_[slot];
  return t.state == task_state::processing && t.run == run && t.worker == worker ? slot : none;
}

std::uint32_t scheduler::leave_worker(std::uint32_t slot) {
  auto& t = tasks_[slot];
  const auto worker = t.worker;
  if (std::exchange(t.leftover, false)) tell(worker, drop_result{t.id});
  rejoin(slot);
  workers_.end_run(worker, t.expected_ns, catalog_.lane_at(t.lane).needs);
  tasks_.detach(slot);
  relieved_ = worker;
  offer(worker);
  return worker;
}

/// What waits for resources that it has may go on.
void scheduler::offer(std::uint32_t worker) {
  if (workers_[worker].total.empty()) return;
  ready_.for_each_needy([&](pool& p) {
    if (!p.blocked || !workers_.has_free(worker, catalog_.lane_at(p.needy).needs)) return;
    if (!std::binary_search(p.groups.begin(), p.groups.end(), workers_[worker].group)) return;
    p.blocked = false;
    p.hint = worker;
  });
}

void scheduler::on(std::uint32_t worker, run_finished&& m) {
  const auto slot = find_run(worker, m.task, m.run);
  if (slot == none) {
    // Late: of a run that was given up. The result is as good as a copy; who was asked for one will
    // say that it has it. If the worker runs the task again it will overwrite the result.
    const auto other = tasks_.find(m.task);
    if (other != none && tasks_[other].worker == worker)
      tasks_[other].leftover = true;
    else
      on(worker, result_added{m.task, m.size});
    return;
  }
  auto& t = tasks_[slot];
  t.leftover = false;
  catalog_.learn(t.lane, m.duration);
  leave_worker(slot);
  workers_.note_finished(worker);
  ++runs_finished_;
  take_result(slot, worker, m.size, std::move(m.small), m.inlined);
}

void scheduler::take_result(std::uint32_t slot, std::uint32_t worker, std::uint64_t size,
                            value small, bool inlined) {
  auto& t = tasks_[slot];
  const auto id = t.id;
  t.size = size;
  tasks_.add_holder(slot, worker);
  tasks_.set_state(slot, task_state::in_memory);
  copies_.note_result(slot, now_);
  if (t.detached) {
    t.detached = false;
    keep(detach_task{id, true});
  }
  if (t.wanted && (!t.told || t.asked)) report_done(slot, std::move(small), inlined);
  tasks_.for_each_dependent(slot, [&](std::uint32_t dependent) {
    auto& d = tasks_[dependent];
    if (d.state != task_state::waiting) return;
    if (--d.missing == 0)
      make_ready(dependent);
    else
      to_plan_.push_back(d.id);
  });
  // Inputs keep their edge to the task, so this does not free any while they are walked over: an
  // input without users is dropped, not forgotten.
  tasks_.for_each_input(slot, [&](std::uint32_t input) {
    if (!tasks_[input].needed()) settle(tasks_[input].id);
  });
  if (!t.needed()) settle(id);
}

void scheduler::on(std::uint32_t worker, inputs_missing&& m) {
  const auto slot = find_run(worker, m.task, m.run);
  if (slot == none) return;  // Late.
  leave_worker(slot);
  tasks_.set_state(slot, task_state::waiting);
  std::vector<task_id> gone;
  std::string names;
  for (auto& asked : m.missing) {
    const auto input = tasks_.find(asked.task);
    bool is_input = false;
    tasks_.for_each_input(slot, [&](std::uint32_t i) { is_input |= i == input; });
    if (!is_input || tasks_[input].state != task_state::in_memory) continue;
    // No holders were named when the worker had it itself.
    if (asked.holders.empty()) asked.holders.push_back(workers_[worker].id);
    for (const auto id : asked.holders) {
      const auto holder = workers_.find(id);
      if (holder != none && strike(input, holder)) names = workers_[holder].who->name;
    }
    if (tasks_[input].first_hold == none) gone.push_back(asked.task);
  }
  auto& t = tasks_[slot];
  const bool hopeless = ++t.misses > misses_max;
  recover(gone, names);
  if (t.id != m.task || t.state != task_state::waiting) return;  // Failed with an input.
  if (!hopeless) {
    compute(slot);
    take_back_planned(m.task, worker);
    return;
  }
  error why{errc::worker_lost, "the inputs of '" + name_of(slot) + "' could not be fetched in " +
                                   std::to_string(misses_max) + " attempts"};
  why.task = name_of(slot);
  why.worker = workers_[worker].who->name;
  fail(slot, std::move(why));
}

bool scheduler::strike(std::uint32_t slot, std::uint32_t holder) {
  if (!tasks_.held_by(slot, holder)) return false;
  // The only copy of what cannot be computed again is not given up while its worker is here: it may
  // have been the connection. The misses are counted, so this ends.
  const auto& t = tasks_[slot];
  if (tasks_.only_holder(slot) && !tasks_.can_be_computed(slot)) return false;
  tasks_.remove_holder(slot, holder);
  // Should it have the result after all, nobody will ask for it there.
  tell(holder, drop_result{t.id});
  return true;
}

void scheduler::on(std::uint32_t worker, result_added&& m) {
  const auto slot = tasks_.find(m.task);
  if (slot == none) {
    tell(worker, drop_result{m.task});
    return;
  }
  switch (tasks_[slot].state) {
    case task_state::in_memory:
      tasks_.add_holder(slot, worker);
      copies_.note_result(slot, now_);
      return;
    case task_state::released:
    case task_state::failed:
      tell(worker, drop_result{m.task});
      return;
    case task_state::processing: {
      // A copy of a lost result that nobody knew of, so there is nothing to compute.
      const auto runs_on = tasks_[slot].worker;
      stop_run(slot);
      take_back_planned(m.task, runs_on);
      break;
    }
    case task_state::arriving:
      stop_run(slot);
      break;
    case task_state::waiting:
    case task_state::queued:
      break;
  }
  take_result(slot, worker, m.size, {}, false);
}

void scheduler::on(std::uint32_t worker, run_seceded&& m) {
  const auto slot = find_run(worker, m.task, m.run);
  if (slot == none || std::exchange(tasks_[slot].away, true)) return;
  workers_.leave_thread(worker, tasks_[slot].expected_ns);
}

void scheduler::on(std::uint32_t worker, run_rejoined&& m) {
  const auto slot = find_run(worker, m.task, m.run);
  if (slot != none) rejoin(slot);
}

void scheduler::on(std::uint32_t worker, run_returned&& m) {
  const auto slot = find_run(worker, m.task, m.run);
  if (slot == none) return;
  leave_worker(slot);
  tasks_.set_state(slot, task_state::waiting);
  compute(slot);
  take_back_planned(m.task, worker);
}

void scheduler::on(std::uint32_t worker, worker_changed&& m) {
  workers_.set_state(worker, m.state);
  copies_.note_workers(now_);
  offer(worker);
  if (m.state == worker_state::leaving) copies_.let_leave(worker, now_);
}

void scheduler::rejoin(std::uint32_t slot) {
  if (std::exchange(tasks_[slot].away, false))
    workers_.take_thread(tasks_[slot].worker, tasks_[slot].expected_ns);
}

void scheduler::on(std::uint32_t worker, worker_report&& m) {
  workers_[worker].memory_used_bytes = m.memory_used_bytes;
  workers_[worker].spilled_bytes = m.spilled_bytes;
}

}  // namespace troupe::core
