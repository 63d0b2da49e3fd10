#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "actors/scheduler/core/scheduler.hpp"

// What survives a restart of the scheduler, and how. The machine says what to write down as effects
// (keep_record); at the start it is shown all of it again (journal_read) and does to its tables
// what was done then, as if nothing had been computed. Then (journal_ended) no client is here, but
// each may come back within its grace; and nothing is assigned until the workers of before are back
// and have told what they hold and run, or have had scheduler_options::worker_grace for it. What is
// not there by then is computed again.

namespace troupe::core {

using namespace scheduling;

namespace {

constexpr std::uint64_t runs_reserved_at_once = 1 << 20;

}  // namespace

bool scheduler::keeps_journal() const {
  return !options_.journal.empty() && !restart_.reading;
}

void scheduler::keep(journal_record r) {
  if (keeps_journal()) say_.add(keep_record{std::move(r)});
}

/// Before a run of such a number is given to anybody.
void scheduler::reserve_runs() {
  if (!keeps_journal() || last_run_ + runs_reserved_at_once / 2 < restart_.runs_reserved) return;
  restart_.runs_reserved = last_run_ + runs_reserved_at_once;
  keep(runs_reserved{{restart_.runs_reserved}});
}

void scheduler::on(journal_read&& e) {
  restart_.reading = true;
  std::visit(
      [this](auto& m) {
        using record = std::decay_t<decltype(m)>;
        // Clients may have gone for good: others can still need what they submitted.
        if constexpr (std::is_same_v<record, submit_task> || std::is_same_v<record, scatter_data> ||
                      std::is_same_v<record, release_task> || std::is_same_v<record, detach_task> ||
                      std::is_same_v<record, name_dataset>) {
          on(client_of(m.task), std::move(m));
        } else if constexpr (std::is_same_v<record, task_failed>) {
          const auto slot = tasks_.find(m.task);
          if (slot != none) fail(slot, std::move(m.why));
        } else if constexpr (std::is_same_v<record, journal_begun>) {
          session_ = m.session;
        } else if constexpr (std::is_same_v<record, client_admitted>) {
          clients_.add(m.client, m.process);
          clients_.leave(m.client, now_);
          last_client_ = std::max(last_client_, m.client.value);
        } else if constexpr (std::is_same_v<record, client_released>) {
          last_client_ = std::max(last_client_, m.client.value);
          release(m.client);
        } else if constexpr (std::is_same_v<record, worker_admitted>) {
          restart_.known[m.process] = m.worker;
          last_worker_ = std::max(last_worker_, m.worker.value);
        } else if constexpr (std::is_same_v<record, worker_gone>) {
          last_worker_ = std::max(last_worker_, m.worker.value);
          std::erase_if(restart_.known, [&](const auto& one) { return one.second == m.worker; });
        } else {
          last_run_ = restart_.runs_reserved = std::max(last_run_, m.last.value);
        }
      },
      e.record);
}

void scheduler::on(journal_ended&&) {
  if (!std::exchange(restart_.reading, false)) {
    keep(journal_begun{session_});
    return;
  }
  // Their time begins now.
  for (const auto id : clients_.all()) {
    clients_.come_back(id);
    clients_.leave(id, now_);
  }
  for (const auto& [process, worker] : restart_.known)
    restart_.expected.insert(process);
  for (std::uint32_t slot = 0; slot < tasks_.end(); ++slot)
    if (tasks_[slot].id && tasks_[slot].state == task_state::arriving)
      restart_.unseen.insert(tasks_[slot].id);
  restart_.ends = now_ + options_.worker_grace;
  if (restart_.expected.empty()) end_restart();
}

/// The worker has told all that it has, or is lost.
void scheduler::stop_expecting(const uuid& process) {
  restart_.expected.erase(process);
  if (restart_.ends && restart_.expected.empty()) end_restart();
}

void scheduler::forget_process(const uuid& process, worker_id worker) {
  const auto known = restart_.known.find(process);
  if (known != restart_.known.end() && known->second == worker) {
    keep(worker_gone{worker});
    restart_.known.erase(known);
  }
  stop_expecting(process);
}

/// Who has not come back by now is lost, with what only it held.
void scheduler::end_restart() {
  restart_.ends.reset();
  lane_watch_.begin_anew(now_);
  for (const auto& process : std::exchange(restart_.expected, {}))
    if (workers_.find_process(process) == none) forget_process(process, restart_.known.at(process));
  lose_unseen();
  // What was made from those before they failed may have been there still.
  std::vector<std::pair<std::uint64_t, task_id>> unfinished_ones;
  for (std::uint32_t slot = 0; slot < tasks_.end(); ++slot)
    if (tasks_[slot].id && unfinished(tasks_[slot].state))
      unfinished_ones.emplace_back(tasks_[slot].order, tasks_[slot].id);
  std::sort(unfinished_ones.begin(), unfinished_ones.end());
  for (const auto& [order, id] : unfinished_ones) {
    const auto slot = tasks_.find(id);
    if (slot == none || !unfinished(tasks_[slot].state)) continue;
    auto failed_input = none;
    tasks_.for_each_input(slot, [&](std::uint32_t in) {
      if (tasks_[in].state == task_state::failed) failed_input = in;
    });
    if (failed_input != none) fail(slot, inherited(failed_input, slot));
  }
}

/// Data of before that no worker has, and no client any more.
void scheduler::lose_unseen() {
  if (!restart_.over()) return;
  std::vector<task_id> lost;
  std::erase_if(restart_.unseen, [&](task_id id) {
    const auto slot = tasks_.find(id);
    if (slot == none || tasks_[slot].state != task_state::arriving) return true;
    const auto* client = clients_.find(client_of(id));
    const bool may_have_it = client && (client->gone_at || client->claims);
    if (!may_have_it) lost.push_back(id);
    return !may_have_it;
  });
  for (const auto id : lost) {
    // With one of them another may have become needless.
    const auto slot = tasks_.find(id);
    if (slot == none || tasks_[slot].state != task_state::arriving) continue;
    fail(slot, {errc::worker_lost,
                "scattered data was lost while the scheduler was restarted, and cannot be computed "
                "again; scatter it again"});
  }
}

std::vector<journal_record> scheduler::records() const {
  std::vector<journal_record> all{journal_begun{session_}, runs_reserved{{restart_.runs_reserved}},
                                  worker_gone{{last_worker_}}, client_released{{last_client_}}};
  for (const auto id : clients_.all())
    all.push_back(client_admitted{id, clients_.find(id)->process});
  for (const auto& [process, worker] : restart_.known)
    all.push_back(worker_admitted{worker, process});
  std::vector<std::uint32_t> slots;
  for (std::uint32_t slot = 0; slot < tasks_.end(); ++slot)
    if (tasks_[slot].id) slots.push_back(slot);
  std::sort(slots.begin(), slots.end(),
            [this](auto a, auto b) { return tasks_[a].order < tasks_[b].order; });
  // First all tasks, because inputs have to be wanted by somebody when they are submitted; then
  // those that failed; then who has a name, who is to run to its end, and who is not wanted.
  for (const auto slot : slots) {
    const auto& t = tasks_[slot];
    if (t.scattered()) {
      all.push_back(scatter_data{t.id, t.size});
      continue;
    }
    submit_task m{t.id, catalog_.spec_at(t.spec).what, t.arguments, {}};
    tasks_.for_each_input(slot, [&](std::uint32_t in) { m.inputs.push_back(tasks_[in].id); });
    all.push_back(std::move(m));
  }
  for (const auto slot : slots)
    if (tasks_[slot].state == task_state::failed)
      all.push_back(task_failed{tasks_[slot].id, *errors_.at(slot)});
  for (const auto& [name, what] : datasets_.all())
    all.push_back(name_dataset{name_dataset::order::replace, name, what.task, what.type});
  for (const auto slot : slots)
    if (tasks_[slot].detached) all.push_back(detach_task{tasks_[slot].id});
  for (const auto slot : slots)
    if (!tasks_[slot].wanted) all.push_back(release_task{tasks_[slot].id});
  return all;
}

}  // namespace troupe::core
