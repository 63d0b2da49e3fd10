#include <algorithm>
#include <utility>

#include "actors/scheduler/core/scheduler.hpp"

namespace troupe::core {

namespace {

/// Names kept of a chain of dependents; of longer ones the middle is left out.
constexpr std::size_t chain_max = 32;

/// Names kept of the tasks that a lost worker ran.
constexpr std::size_t ran_max = 4;

/// How long the place of a lost worker may take to say how it ended.
constexpr auto verdict_patience = std::chrono::seconds(1);

/// From the order to end its process until a worker is gone.
constexpr auto excuse = std::chrono::seconds(10);

}  // namespace

void scheduler::settle(task_id first) {
  // A list and not recursion: a chain of tasks can be longer than the stack is deep.
  unsettled_.assign(1, first);
  while (!unsettled_.empty()) {
    const auto id = unsettled_.back();
    unsettled_.pop_back();
    const auto slot = tasks_.find(id);
    if (slot == none) continue;
    const auto& t = tasks_[slot];
    if (t.state == task_state::failed) {
      if (!t.kept() && t.first_dependent == none) forget(slot);
      continue;
    }
    if (t.needed()) continue;
    // Kept for its dependents, as before: going on would walk up the whole chain each time.
    if (t.state == task_state::released && (t.first_dependent != none || t.wanted)) continue;
    tasks_.for_each_input(slot, [&](std::uint32_t in) { unsettled_.push_back(tasks_[in].id); });
    stop_run(slot);
    drop(slot);
    tasks_.set_state(slot, task_state::released);
    if (t.first_dependent != none || t.wanted) continue;
    tasks_.cut_inputs(slot);
    forget(slot);
  }
}

void scheduler::stop_run(std::uint32_t slot) {
  const auto& t = tasks_[slot];
  if (t.worker == none) return;
  if (t.state == task_state::arriving) {
    tasks_.detach(slot);
    return;
  }
  const auto worker = leave_worker(slot);
  tell(worker, cancel_run{t.id, t.run});
}

void scheduler::kill_run(std::uint32_t slot) {
  const auto& t = tasks_[slot];
  const auto worker = leave_worker(slot);
  tell(worker, cancel_run{t.id, t.run, true});
  // Should the run be over already, the worker stays; it is not excused for ever.
  workers_[worker].excused_until = now_ + excuse;
  tasks_.set_state(slot, task_state::waiting);
}

void scheduler::drop(std::uint32_t slot) {
  while (tasks_[slot].first_hold != none) {
    std::uint32_t worker = none;
    tasks_.for_each_holder(slot, [&](std::uint32_t w) {
      worker = w;
      return false;
    });
    tasks_.remove_holder(slot, worker);
    tell(worker, drop_result{tasks_[slot].id});
  }
}

void scheduler::forget(std::uint32_t slot) {
  const auto& t = tasks_[slot];
  if (t.state == task_state::failed) errors_.erase(slot);
  if (t.suspicion > 0) losses_.erase(t.id);
  copies_.forget(t.id);
  if (!t.scattered()) catalog_.release_spec(t.spec);
  tasks_.erase(slot);
}

error scheduler::inherited(std::uint32_t input, std::uint32_t dependent) const {
  auto why = *errors_.at(input);
  if (why.chain.size() >= chain_max) {
    why.chain.erase(why.chain.begin() + chain_max / 2);
    why.chain[chain_max / 2] = "...";
  }
  why.chain.push_back(name_of(dependent));
  return why;
}

void scheduler::fail(std::uint32_t first, error first_why) {
  std::vector<std::pair<std::uint32_t, error_ptr>> doomed;
  doomed.emplace_back(first, std::make_shared<const error>(std::move(first_why)));
  std::vector<task_id> touched;
  for (std::size_t i = 0; i < doomed.size(); ++i) {
    const auto slot = doomed[i].first;
    const auto why = doomed[i].second;
    auto& t = tasks_[slot];
    if (t.state == task_state::failed) continue;  // By another way.
    stop_run(slot);
    tasks_.set_state(slot, task_state::failed);
    errors_[slot] = why;
    t.detached = false;
    if (keeps_journal()) keep(task_failed{t.id, *why});
    t.arguments = {};
    if (t.wanted) tell(client_of(t.id), task_failed{t.id, *why});
    tasks_.for_each_input(slot, [&](std::uint32_t in) { touched.push_back(tasks_[in].id); });
    tasks_.cut_inputs(slot);
    touched.push_back(t.id);
    // A journal names each that failed with it; others had been computed before.
    if (restart_.reading) continue;
    tasks_.for_each_dependent(slot, [&](std::uint32_t d) {
      if (unfinished(tasks_[d].state))
        doomed.emplace_back(d, std::make_shared<const error>(inherited(slot, d)));
    });
  }
  for (const auto id : touched)
    settle(id);
}

void scheduler::compute(std::uint32_t first) {
  std::vector<std::uint32_t> work{first};
  std::vector<std::pair<task_id, error>> doomed;
  while (!work.empty()) {
    const auto slot = work.back();
    work.pop_back();
    auto& t = tasks_[slot];
    if (slot != first && t.state != task_state::released) continue;  // Met on another way.
    if (t.scattered()) {
      doomed.emplace_back(t.id, error{errc::worker_lost,
                                      "scattered data that was released is "
                                      "needed again and cannot be computed"});
      continue;
    }
    tasks_.set_state(slot, task_state::waiting);
    t.spared = false;
    t.missing = 0;
    tasks_.for_each_input(slot, [&](std::uint32_t input) {
      const auto state = tasks_[input].state;
      if (state == task_state::in_memory) return;
      ++t.missing;
      if (state == task_state::failed) doomed.emplace_back(t.id, inherited(input, slot));
      if (state == task_state::released) work.push_back(input);
    });
    if (t.missing == 0) make_ready(slot);
  }
  for (auto& [id, why] : doomed) {
    const auto slot = tasks_.find(id);
    if (slot != none) fail(slot, std::move(why));
  }
}

void scheduler::withdraw(std::uint32_t slot) {
  tasks_.set_state(slot, task_state::released);
  tasks_.for_each_dependent(slot, [&](std::uint32_t dependent) {
    auto& d = tasks_[dependent];
    if (d.state == task_state::queued) {
      tasks_.set_state(dependent, task_state::waiting);
      d.missing = 0;
    }
    if (d.state == task_state::waiting) ++d.missing;
  });
}

void scheduler::recover(const std::vector<task_id>& gone, const std::string& worker) {
  // All of them first: one may be an input of another.
  for (const auto id : gone) {
    const auto slot = tasks_.find(id);
    if (tasks_[slot].first_hold == none) withdraw(slot);
  }
  for (const auto id : gone) {
    const auto slot = tasks_.find(id);
    if (slot == none || tasks_[slot].state != task_state::released) continue;
    auto& t = tasks_[slot];
    t.spared = t.wanted && t.told && t.given && !t.asked && !t.scattered();
    if (!t.needed()) {
      settle(id);
    } else if (tasks_[slot].scattered()) {
      error why{errc::worker_lost, "scattered data was lost with worker '" + worker +
                                       "' and cannot be computed again; scatter it again"};
      why.worker = worker;
      fail(slot, std::move(why));
    } else {
      compute(slot);
    }
  }
}

loss_ptr scheduler::note_loss(std::uint32_t worker) {
  const auto& w = workers_[worker];
  loss what{w.who->name, w.who->launch, w.memory_used_bytes, w.who->memory_bytes};
  for (const auto id : tasks_.runs_of(worker)) {
    if (what.ran.size() >= ran_max) break;
    const auto& name = name_of(tasks_.find(id));
    if (std::find(what.ran.begin(), what.ran.end(), name) == what.ran.end())
      what.ran.push_back(name);
  }
  return loss_book_.lost(std::move(what));
}

void scheduler::run_again_after_loss(std::uint32_t slot, bool suspect, const loss_ptr& with) {
  auto& t = tasks_[slot];
  t.suspicion =
      static_cast<std::uint16_t>(std::min(t.suspicion + (suspect ? loss_weight : 1), 0xffff));
  if (suspect) losses_[t.id].push_back(with);
  const bool too_often = t.suspicion / loss_weight > options_.worker_losses_max;
  if (too_often && (with->launch.empty() || !with->how.empty())) return fail_after_losses(t.id);
  compute(slot);
  if (!too_often) return;
  // Its place will soon know how it ended, and that belongs into the error.
  if (!hold_back(slot)) return;
  t.doomed = true;
  verdicts_.push_back({t.id, with, now_ + verdict_patience});
}

void scheduler::on(scheduling::launch_unwanted&& e) {
  for (std::uint32_t slot = 0; slot < workers_.end(); ++slot)
    if (workers_[slot].id && workers_[slot].who->launch == e.launch) tell(slot, leave_cluster{});
}

void scheduler::on(scheduling::launch_ended&& e) {
  loss_book_.ended(e.launch, std::move(e.how));
  fail_doomed([](const verdict& v) { return !v.last->how.empty(); });
}

void scheduler::fail_doomed(const std::function<bool(const verdict&)>& due) {
  std::vector<task_id> failing;
  std::erase_if(verdicts_, [&](const verdict& v) {
    if (due(v)) failing.push_back(v.task);
    return due(v);
  });
  for (const auto id : failing) {
    const auto slot = tasks_.find(id);
    if (slot != none && tasks_[slot].doomed) fail_after_losses(id);
  }
}

void scheduler::fail_after_losses(task_id id) {
  const auto slot = tasks_.find(id);
  std::string workers;
  for (const auto& one : losses_[id])
    workers += (workers.empty() ? "" : ", ") + describe(*one);
  error why{errc::worker_lost, "'" + name_of(slot) + "' was running on " +
                                   std::to_string(losses_[id].size()) +
                                   " workers that were lost: " + workers};
  why.task = name_of(slot);
  why.worker = losses_[id].empty() ? "" : losses_[id].back()->worker;
  fail(slot, std::move(why));
}

}  // namespace troupe::core
