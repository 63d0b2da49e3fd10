#include <algorithm>
#include <limits>
#include <utility>

#include "actors/scheduler/core/scheduler.hpp"

namespace troupe::core {

std::uint32_t scheduler::find_own(client_id from, task_id id) const {
  return client_of(id) == from ? tasks_.find(id) : none;
}

bool scheduler::refuse_bad_id(client_id from, task_id id) {
  if (client_of(id) == from && number_of(id) != 0) return false;
  tell(from, task_failed{id,
                         {errc::bad_argument, "the task id " + std::to_string(id.value) +
                                                  " is not one of this client's"}});
  return true;
}

void scheduler::on(client_id from, submit_task&& m) {
  if (refuse_bad_id(from, m.task)) return;
  if (const auto known = tasks_.find(m.task); known != none) return claim(from, known);
  if (!m.spec) {
    tell(from, task_failed{m.task, {errc::bad_argument, "a task was submitted without a spec"}});
    return;
  }
  if (keeps_journal()) keep(submit_task(m));
  const auto lanes_before = catalog_.lanes();
  const auto slot = tasks_.create(m.task);
  auto& t = tasks_[slot];
  t.spec = catalog_.use_spec(m.spec);
  t.lane = catalog_.spec_at(t.spec).lane;
  t.order = ++last_order_;
  t.wanted = t.claimed = true;
  auto* client = clients_.find(from);  // None if a journal has it, and it has left.
  const auto generation = client ? client->generation_of(t.order, now_) : t.order;
  if (catalog_.lanes() != lanes_before) welcome_lane(t.lane);
  if (m.inputs.empty()) {
    t.arguments = std::move(m.arguments);
    make_ready(slot);
    return;
  }
  if (auto why = take_inputs(slot, m)) {
    fail(slot, std::move(*why));
    return;
  }
  t.arguments = std::move(m.arguments);
  t.ahead = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(t.order - generation, std::numeric_limits<std::uint32_t>::max()));
  compute(slot);
  to_plan_.push_back(m.task);
}

std::optional<error> scheduler::take_inputs(std::uint32_t slot, const submit_task& m) {
  std::vector<std::uint32_t> inputs;
  inputs.reserve(m.inputs.size());
  for (const auto id : m.inputs) {
    const auto input = tasks_.find(id);
    if (input != none && input != slot && tasks_[input].kept()) {
      if (tasks_[input].state == task_state::failed) return inherited(input, slot);
      inputs.push_back(input);
      continue;
    }
    error why{errc::unknown_input, "input " + std::to_string(inputs.size()) + " of '" +
                                       name_of(slot) + "' (task " + std::to_string(number_of(id)) +
                                       " of client " + std::to_string(client_of(id).value) +
                                       ") was released before it was used, or never existed"};
    why.task = name_of(slot);
    return why;
  }
  tasks_.set_inputs(slot, inputs);
  return {};
}

void scheduler::on(client_id from, scatter_data&& m) {
  if (refuse_bad_id(from, m.task)) return;
  auto slot = tasks_.find(m.task);
  if (slot != none) {
    claim(from, slot);
    restart_.unseen.erase(m.task);
    // Said again: what was sent to that worker may be lost.
    if (tasks_[slot].state != task_state::arriving) return;
    if (tasks_[slot].worker != none) tasks_.detach(slot);
    place_data_of(slot);
    return;
  }
  keep(m);
  slot = tasks_.create(m.task);
  auto& t = tasks_[slot];
  t.size = m.size;
  t.order = ++last_order_;
  t.wanted = t.claimed = true;
  tasks_.set_state(slot, task_state::arriving);
  place_data_of(slot);
}

void scheduler::on(client_id from, release_task&& m) {
  const auto slot = find_own(from, m.task);
  if (slot == none || !tasks_[slot].wanted) return;
  if (keeps_journal()) keep(m);
  tasks_[slot].wanted = false;
  // Many copies were wished for as long as there are futures; a name keeps one.
  if (tasks_[slot].published) copies_.set_copies(slot, 1, now_);
  settle(m.task);
}

void scheduler::on(client_id from, detach_task&& m) {
  const auto slot = find_own(from, m.task);
  if (slot == none || !unfinished(tasks_[slot].state)) return;
  if (keeps_journal()) keep(m);
  tasks_[slot].detached = !m.over;
  if (m.over) settle(m.task);
}

void scheduler::on(client_id from, cancel_task&& m) {
  const auto slot = find_own(from, m.task);
  if (slot == none) return;
  const auto& t = tasks_[slot];
  if (!unfinished(t.state) && t.state != task_state::arriving) return;  // Done, or failed already.
  if (m.kill && t.state == task_state::processing) kill_run(slot);
  error why{errc::cancelled, "'" + name_of(slot) + "' was cancelled"};
  why.task = name_of(slot);
  fail(slot, std::move(why));
}

void scheduler::on(client_id from, locate_result&& m) {
  const auto slot = find_own(from, m.task);
  if (slot == none || !tasks_[slot].wanted) {
    tell(from, task_failed{m.task, {errc::unknown_input, "the result was released"}});
    return;
  }
  auto& t = tasks_[slot];
  const auto worker = workers_.find(m.worker);
  if (t.state == task_state::failed) {
    tell(from, task_failed{m.task, *errors_.at(slot)});
    return;
  }
  if (t.state == task_state::arriving) {
    // The client could not send it there. If that place has changed meanwhile, it knows.
    if (worker == none || t.worker != worker) return;
    tasks_.detach(slot);
    place_data_of(slot);
    return;
  }
  if (++t.misses > misses_max && t.state == task_state::in_memory) {
    error why{errc::worker_lost, "the result of '" + name_of(slot) +
                                     "' could not be fetched from any of " +
                                     std::to_string(misses_max) + " places"};
    drop(slot);
    withdraw(slot);
    fail(slot, std::move(why));
    return;
  }
  t.asked = true;
  if (t.spared) return compute(slot);
  if (worker != none && strike(slot, worker) && t.first_hold == none)
    recover({m.task}, workers_[worker].who->name);
  if (t.state == task_state::in_memory) report_done(slot, {}, false);
}

void scheduler::on(client_id from, inspect_cluster&&) {
  tell(from, snapshot_reply(inspect()));
}

void scheduler::on(client_id from, replicate_result&& m) {
  const auto slot = find_own(from, m.task);
  if (slot != none && tasks_[slot].wanted) copies_.set_copies(slot, m.copies, now_);
}

void scheduler::on(client_id, rebalance_results&&) {
  copies_.rebalance(now_);
}

void scheduler::on(client_id, retire_workers&& m) {
  for (std::uint32_t w = 0; w < workers_.end(); ++w)
    if (workers_[w].id &&
        std::find(m.names.begin(), m.names.end(), workers_[w].who->name) != m.names.end())
      tell(w, leave_cluster{});
}

void scheduler::on(client_id from, explain_task&& m) {
  tell(from, explain(m.task, now_));
}

}  // namespace troupe::core
