#include <algorithm>

#include "actors/scheduler/core/scheduler.hpp"
#include "serialization/check.hpp"

namespace troupe::core {

cluster_snapshot scheduler::inspect() const {
  cluster_snapshot s;
  s.scheduler = name_;
  s.uptime_seconds = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now_ - started_).count());
  s.clients = clients_.size();
  s.tasks_waiting = tasks_.count(task_state::waiting) + tasks_.count(task_state::arriving);
  s.tasks_queued = tasks_.count(task_state::queued);
  s.tasks_processing = tasks_.count(task_state::processing);
  s.tasks_in_memory = tasks_.count(task_state::in_memory);
  s.tasks_failed = tasks_.count(task_state::failed);
  s.runs_finished = runs_finished_;
  s.pending_reason = pending_reason();
  s.stuck = watchdog_.report();
  for (std::uint32_t slot = 0; slot < workers_.end(); ++slot) {
    const auto& w = workers_[slot];
    if (!w.id) continue;
    const auto load = tasks_.load(slot);
    s.workers.push_back({w.id, w.who->name, w.who->host, w.who->address, w.who->pid, w.threads,
                         w.who->memory_bytes, w.memory_used_bytes, load.results, load.results_bytes,
                         w.runs_assigned, w.runs_finished, w.spilled_bytes, w.state});
  }
  std::sort(s.workers.begin(), s.workers.end(),
            [](const auto& a, const auto& b) { return a.worker < b.worker; });
  return s;
}

scheduling::scheduler_load scheduler::load() const {
  scheduling::scheduler_load all;
  all.clients = clients_.size();
  for (std::uint32_t lane = 0; lane < catalog_.lanes(); ++lane) {
    const auto runs = tasks_.queued_in(lane);
    if (runs == 0) continue;
    const auto learned = catalog_.function_of(lane).duration_ns;
    auto& of = all.queued[catalog_.lane_at(lane).needs];
    of.runs += runs;
    of.work_ns += runs * std::max<std::uint64_t>(learned, catalog_.expected_ns(lane));
  }
  for (std::uint32_t slot = 0; slot < workers_.end(); ++slot) {
    const auto& w = workers_[slot];
    if (!w.id) continue;
    auto& of = all.launches[w.who->launch];
    of.runs += w.runs;
    of.work_ns += w.work_ns;
    of.results_bytes += tasks_.load(slot).results_bytes;
  }
  return all;
}

std::string scheduler::pending_reason() const {
  if (restart_.ends) return "the scheduler was restarted and waits for its workers to come back";
  const auto first = ready_.first();
  return first ? explain_.why_queued(tasks_[*first].lane) : std::string();
}

task_story scheduler::explain(task_id id, time_point now) const {
  auto told = explain_.tell(id, story_, now);
  // In that time no task runs, whatever else could be said.
  if (restart_.ends && told.state == "queued") told.reason = pending_reason();
  return told;
}

void scheduler::watch_progress() {
  const auto progress = runs_finished_ + tasks_.count(task_state::in_memory);
  if (!watchdog_.look(progress, tasks_.has_unfinished(), now_)) return;
  auto report = explain_.unfinished();
  const auto since = std::chrono::duration_cast<std::chrono::seconds>(now_ - watchdog_.since());
  report.insert(report.begin(), "nothing has ended for " + std::to_string(since.count()) +
                                    " s, and these have not:");
  watchdog_.bark(std::move(report));
}

void scheduler::check_ready() const {
  std::uint64_t queued = 0;
  for (std::uint32_t lane = 0; lane < catalog_.lanes(); ++lane)
    queued += tasks_.queued_in(lane);
  check(queued == tasks_.count(task_state::queued), "queued tasks are counted by lane");
  check((queued > 0) == ready_.first().has_value(), "a queued task is found");
  check(unsettled_.empty(), "nothing is left to settle");
}

void scheduler::check_invariants() const {
  if (restart_.reading) return;  // Half of the story.
  tasks_.check_invariants();
  workers_.check_invariants();
  check_ready();
  std::vector<std::uint32_t> runs(workers_.end());
  std::vector<std::uint64_t> work(workers_.end());
  for (std::uint32_t slot = 0; slot < tasks_.end(); ++slot) {
    const auto& t = tasks_[slot];
    if (!t.id) continue;
    check(!t.away || t.state == task_state::processing, "only runs are away");
    if (t.state == task_state::processing && !t.away) {
      ++runs[t.worker];
      work[t.worker] += t.expected_ns;
      check(workers_.has_room(t.worker) || workers_[t.worker].runs > 0, "runs are counted");
    }
    if (t.worker != none)
      check(static_cast<bool>(workers_[t.worker].id), "runs are on workers that are here");
    check((t.state == task_state::failed) == errors_.contains(slot), "what failed has a reason");
    check(!t.wanted || clients_.find(client_of(t.id)),
          "who wants a result is here, or may come back");
    check(t.needed() || t.wanted || t.first_dependent != none, "what nobody needs is forgotten");
    check(t.published == datasets_.calls(t.id), "what has a name knows it");
    if (t.state != task_state::failed)
      check(t.needed() == (t.state != task_state::released), "what is needed is on its way");
    tasks_.for_each_holder(slot, [&](std::uint32_t w) {
      check(static_cast<bool>(workers_[w].id), "results are on workers that are here");
      return true;
    });
    tasks_.for_each_input(slot, [&](std::uint32_t in) {
      check(tasks_[in].state != task_state::failed || !unfinished(t.state) || !restart_.over(),
            "what needs a failed task has failed");
    });
    if (t.state == task_state::waiting)
      tasks_.for_each_input(slot, [&](std::uint32_t in) {
        check(tasks_[in].state != task_state::released, "what is waited for is on its way");
      });
  }
  for (std::uint32_t w = 0; w < workers_.end(); ++w)
    check(workers_[w].runs == runs[w] && workers_[w].work_ns == work[w],
          "loads are the sums of runs");
  for (const auto& [name, what] : datasets_.all())
    check(tasks_.find(what.task) != none, "names are of tasks");
  check(errors_.size() == tasks_.count(task_state::failed), "reasons belong to failed tasks");
}

}  // namespace troupe::core
