#include "actors/scheduler/core/scheduler.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>
#include <variant>

namespace troupe::core {

using namespace scheduling;

scheduler::scheduler(scheduler_options options, std::string name, uuid session)
    : options_(std::move(options)),
      name_(std::move(name)),
      session_(session),
      workers_(options_.prefetch),
      catalog_(options_.prefetch),
      ready_(tasks_) {}

void scheduler::handle(event&& what, time_point now, std::vector<effect>& out) {
  if (started_ == time_point{}) started_ = now;
  now_ = now;
  story_.begin(what, now);
  say_.speak_to(&out);
  std::visit([this](auto& e) { on(std::move(e)); }, what);
  if (restart_.over()) {
    plan_ahead();
    copies_.look(now_);
    place_ready();
    balancer_.tend(now_, last_run_);
    watch_progress();
  }
  reserve_runs();
  say_.speak_to(nullptr);
}

std::optional<time_point> scheduler::deadline() const {
  std::optional<time_point> first;
  const auto consider = [&first](std::optional<time_point> at) {
    if (at && (!first || *at < *first)) first = at;
  };
  if (restart_.over()) {
    consider(lane_watch_.deadline());
    consider(watchdog_.deadline(tasks_.has_unfinished()));
    consider(copies_.deadline());
  }
  consider(balancer_.deadline());
  if (!delays_.empty()) consider(delays_.begin()->first.first);
  if (!verdicts_.empty()) consider(verdicts_.front().until);
  consider(restart_.ends);
  if (const auto away = clients_.longest_away()) consider(away->first + options_.client_grace);
  return first;
}

void scheduler::on(client_joined&& e) {
  const bool back = take_back(*e.who);
  const auto id = back ? e.who->client : client_id{++last_client_};
  if (!back) {
    clients_.add(id, e.who->process);
    keep(client_admitted{id, e.who->process});
  }
  say_.add(admit_client{e.connection, id});
  const auto grace = session_ == uuid{} ? std::chrono::nanoseconds{} : options_.client_grace;
  tell(id, welcome_client{id, name_, session_, grace});
}

void scheduler::on(worker_joined&& e) {
  if (const auto older = workers_.find_process(e.who->process); older != none) {
    // That connection is dead, and only we have not noticed. The worker lives.
    workers_[older].excused_until = time_point::max();
    const auto before = workers_[older].id;
    say_.add(dismiss_worker{before});
    on(worker_lost{before});
  }
  const bool comes_back = session_ != uuid{} && e.who->session == session_;
  const worker_id id{++last_worker_};
  if (keeps_journal() && e.who->process != uuid{}) {
    restart_.known[e.who->process] = id;
    keep(worker_admitted{id, e.who->process});
  }
  const auto groups_before = catalog_.groups();
  const auto group = catalog_.join_group(*e.who);
  const auto slot = workers_.add(id, std::move(e.who), group);
  say_.add(admit_worker{e.connection, id});
  tell(slot, welcome_worker{id, session_});
  copies_.note_workers(now_);
  if (catalog_.groups() != groups_before) regroup();
  regroup_loose();
  if (comes_back)
    workers_.hold_back(slot, true);
  else
    offer(slot);
  lane_watch_.look(now_);
  for (const auto task : std::exchange(unplaced_, {})) {
    const auto data = tasks_.find(task);
    if (data == none || tasks_[data].state != task_state::arriving) continue;
    if (tasks_[data].worker == none) place_data_of(data);
  }
}

void scheduler::on(client_said&& e) {
  // Whoever may look at the cluster may also have workers leave.
  if (!clients_.here(e.client) && !std::holds_alternative<retire_workers>(e.message)) return;
  std::visit([&](auto& m) { on(e.client, std::move(m)); }, e.message);
}

void scheduler::on(worker_said&& e) {
  const auto slot = workers_.find(e.worker);
  if (slot == none) return;
  std::visit([&](auto& m) { on(slot, std::move(m)); }, e.message);
}

void scheduler::on(client_lost&& e) {
  if (!clients_.here(e.client)) return;
  clients_.leave(e.client, now_);
  if (session_ == uuid{} || options_.client_grace.count() == 0) release(e.client);
}

void scheduler::on(worker_lost&& e) {
  const auto lost = workers_.find(e.worker);
  if (lost == none) return;
  const auto what = note_loss(lost);
  const auto& name = what->worker;
  const auto threads = workers_[lost].threads;
  const auto process = workers_[lost].who->process;
  const bool excused = now_ < workers_[lost].excused_until;
  const auto runs = tasks_.runs_of(lost);
  const auto held = tasks_.held_by(lost);
  std::set<task_id> was_away;  // Certainly started.
  for (const auto id : runs) {
    const auto slot = tasks_.find(id);
    if (tasks_[slot].away) was_away.insert(id);
    if (tasks_[slot].state == task_state::arriving) {
      tasks_.detach(slot);
    } else {
      tasks_[slot].leftover = false;
      leave_worker(slot);
    }
  }
  for (const auto id : held)
    tasks_.remove_holder(tasks_.find(id), lost);
  copies_.forget(e.worker);
  copies_.note_workers(now_);
  catalog_.leave_group(workers_[lost].group);
  workers_.remove(lost);
  regroup_loose();
  if (lost < frontiers_.size()) frontiers_[lost].clear();
  for (const auto id : runs) {
    const auto slot = tasks_.find(id);
    // Their inputs are counted again when they are computed, below.
    if (tasks_[slot].state == task_state::processing) tasks_.set_state(slot, task_state::waiting);
  }
  recover(held, name);
  std::uint32_t started = 0;
  for (const auto id : runs) {
    const auto slot = tasks_.find(id);
    if (slot == none) continue;
    if (tasks_[slot].state == task_state::arriving)
      place_data_of(slot);
    else if (tasks_[slot].state != task_state::waiting)
      continue;
    else if (excused)
      compute(slot);
    else
      run_again_after_loss(slot, was_away.contains(id) || started++ < threads, what);
  }
  lane_watch_.look(now_);
  forget_process(process, e.worker);
}

void scheduler::on(clock_ticked&&) {
  fail_doomed([this](const verdict& v) { return v.until <= now_; });
  end_delays();
  if (restart_.ends && *restart_.ends <= now_) end_restart();
  while (const auto away = clients_.longest_away()) {
    if (away->first + options_.client_grace > now_) break;
    release(away->second);
  }
  if (restart_.over()) fail_unserved();
}

/// Those that have waited too long for a worker that can run them.
void scheduler::fail_unserved() {
  const auto due = lane_watch_.take_due(now_);
  if (due.empty()) return;
  // A walk over all tasks: there is no index for what goes wrong once in a program's life.
  std::vector<std::tuple<std::uint64_t, task_id, lane_watch::trouble>> failing;
  for (std::uint32_t slot = 0; slot < tasks_.end(); ++slot) {
    const auto& t = tasks_[slot];
    if (!t.id || t.state != task_state::queued) continue;
    for (const auto& [lane, trouble] : due)
      if (lane == t.lane) failing.emplace_back(t.order, t.id, trouble);
  }
  std::sort(failing.begin(), failing.end());
  for (const auto& [order, id, trouble] : failing) {
    const auto slot = tasks_.find(id);
    if (slot == none || tasks_[slot].state != task_state::queued) continue;
    const auto lane = tasks_[slot].lane;
    error why = trouble == lane_watch::trouble::unknown
                    ? error{errc::unknown_task, catalog_.unknown_message(lane)}
                    : error{errc::timeout, "no worker could run '" + name_of(slot) +
                                               "' in time: " + explain_.why_queued(lane)};
    why.task = name_of(slot);
    fail(slot, std::move(why));
  }
}

void scheduler::regroup(std::uint32_t lane) {
  ready_.set_lane(lane, catalog_.groups_for(lane), !catalog_.lane_at(lane).needs.empty());
}

void scheduler::regroup() {
  for (std::uint32_t lane = 0; lane < catalog_.lanes(); ++lane)
    regroup(lane);
}

void scheduler::regroup_loose() {
  for (const auto lane : catalog_.loose_lanes())
    regroup(lane);
}

void scheduler::welcome_lane(std::uint32_t lane) {
  if (!catalog_.places_changed()) return regroup(lane);
  for (std::uint32_t slot = 0; slot < workers_.end(); ++slot) {
    const auto& w = workers_[slot];
    if (!w.id) continue;
    const auto before = w.group;
    workers_.set_group(slot, catalog_.join_group(*w.who));
    catalog_.leave_group(before);
  }
  regroup();
}

void scheduler::report_done(std::uint32_t slot, value small, bool inlined) {
  auto& t = tasks_[slot];
  const auto owner = client_of(t.id);
  std::uint32_t holder = none;
  tasks_.for_each_holder(slot, [&](std::uint32_t w) {
    holder = w;
    return false;
  });
  t.told = true;
  t.given = inlined;
  t.asked = false;
  say_.introduce(owner, holder);
  tell(owner, task_done{t.id, workers_[holder].id, t.size, inlined, std::move(small)});
}

}  // namespace troupe::core
