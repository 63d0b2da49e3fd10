#include <utility>

#include "actors/scheduler/core/scheduler.hpp"

// Clients whose connection broke may come back, and find all that they wanted. What was on its way
// in either direction may be lost, so all is said again: they name what they want, and are told
// what became of it.

namespace troupe::core {

using namespace scheduling;

bool scheduler::take_back(const hello& who) {
  const auto id = who.client;
  if (!id || session_ == uuid{} || who.session != session_) return false;
  const auto* known = clients_.find(id);
  if (!known || known->process != who.process) return false;
  // The older connection is dead, and only we have not noticed.
  if (!known->gone_at) say_.add(dismiss_client{id});
  clients_.come_back(id);
  for (const auto task : tasks_.tasks_of(id))
    tasks_[tasks_.find(task)].claimed = false;
  return true;
}

void scheduler::claim(client_id from, std::uint32_t slot) {
  const auto* client = clients_.find(from);
  if (!client || !client->claims) return;  // Said twice.
  auto& t = tasks_[slot];
  t.claimed = true;
  // What it was told may not have arrived.
  t.told = false;
  if (t.state == task_state::in_memory)
    report_done(slot, {}, false);
  else if (t.spared)
    compute(slot);
  else if (t.state == task_state::failed)
    tell(from, task_failed{t.id, *errors_.at(slot)});
}

void scheduler::on(client_id from, claim_task&& m) {
  if (refuse_bad_id(from, m.task)) return;
  const auto slot = tasks_.find(m.task);
  if (slot != none && tasks_[slot].wanted) return claim(from, slot);
  tell(from, task_failed{m.task, {errc::unknown_input, "the scheduler does not know this result"}});
}

void scheduler::on(client_id from, end_claims&&) {
  if (!std::exchange(clients_.find(from)->claims, false)) return;
  for (const auto id : tasks_.tasks_of(from)) {
    const auto slot = tasks_.find(id);
    if (slot == none || !tasks_[slot].wanted || tasks_[slot].claimed) continue;
    on(from, release_task{id});
  }
  lose_unseen();
}

void scheduler::on(client_id from, leave_scheduler&&) {
  release(from);
}

void scheduler::release(client_id gone) {
  if (!clients_.erase(gone)) return;
  keep(client_released{gone});
  const auto tasks = tasks_.tasks_of(gone);
  // First all of them: what fails below is not told to who is gone.
  for (const auto id : tasks) {
    const auto slot = tasks_.find(id);
    tasks_[slot].wanted = false;
    if (tasks_[slot].published) copies_.set_copies(slot, 1, now_);
  }
  for (const auto id : tasks) {
    const auto slot = tasks_.find(id);
    if (slot == none) continue;
    if (tasks_[slot].state == task_state::arriving && !restart_.reading)
      fail(slot, {errc::cancelled, "the client that had the data left before it was placed"});
    settle(id);
  }
}

}  // namespace troupe::core
