#include "actors/worker/core/worker.hpp"

#include <utility>
#include <variant>

#include "serialization/check.hpp"

namespace troupe::core {

using namespace working;

worker::worker(worker_limits limits) : limits_(limits) {
  check(limits.threads > 0, "a worker has threads");
}

void worker::handle(event what, time_point now, std::vector<effect>& out) {
  now_ = now;
  out_ = &out;
  std::visit([this](auto& e) { on(e); }, what);
  spill_if_needed();
  execute_ready();
  issue_loads();
  issue_fetches();
  end_if_idle();
  out_ = nullptr;
}

void worker::on(scheduler_said& e) {
  std::visit([this](auto& m) { on(m); }, e.message);
}

void worker::on(introduce_worker& m) {
  peers_[m.worker].address = std::move(m.address);
}

void worker::on(run_task& m) {
  if (stopping_) return;
  if (const auto* known = run_of_.find(m.task)) {
    if (runs_[*known].id == m.run) return;  // Said twice.
    abandon(*known);
  }
  if (paused_ || leaving_) return tell(run_returned{m.task, m.run});  // It crossed our word.
  if (report_unreachable(m)) return;
  const auto slot = runs_.add();
  auto& r = runs_[slot];
  r.id = m.run;
  r.task = m.task;
  r.spec = std::move(m.spec);
  r.arguments = std::move(m.arguments);
  r.order = arrivals_++;
  run_of_.put(m.task, slot);
  r.inputs.reserve(m.inputs.size());
  r.values.resize(m.inputs.size());
  for (const auto& input : m.inputs)
    r.inputs.push_back(input.task);
  for (std::uint32_t i = 0; i < m.inputs.size(); ++i) {
    if (const auto* held = store_.find(m.inputs[i].task))
      r.values[i] = *held;
    else
      need_input(slot, i, m.inputs[i]);
  }
  if (r.missing == 0) make_ready(slot);
}

void worker::on(result_asked& e) {
  if (const auto* held = store_.find(e.task))
    out_->push_back(answer{e.connection, result_value{e.task, *held}});
  else if (const auto file = store_.on_disk(e.task))
    load_for(e.connection, e.task, *file);
  else
    out_->push_back(answer{e.connection, result_absent{e.task}});
}

void worker::on(drop_result& m) {
  drop_from_store(m.task);
  auto at = fetches_.find(m.task);
  if (at == fetches_.end()) return;
  at->second.keep = false;
  at->second.for_keeps = false;
  if (at->second.needs.empty() && at->second.askers.empty()) forget_fetch(at);
}

void worker::on(cancel_run& m) {
  const bool kill = m.kill && find_executing(m.task, m.run) != none;
  // None: reported already; the two messages crossed.
  if (const auto slot = find_run(m.task, m.run); slot != none) abandon(slot);
  if (kill) out_->push_back(kill_process{m.task, m.run});
}

void worker::on(stop_worker&) {
  stopping_ = true;
  for (std::uint32_t slot = 0; slot < runs_.end(); ++slot) {
    const auto& r = runs_[slot];
    if (r.id && (r.at == phase::waiting || r.at == phase::ready)) abandon(slot);
  }
}

std::uint32_t worker::find_run(task_id task, run_id id) const {
  const auto* slot = run_of_.find(task);
  return slot && runs_[*slot].id == id ? *slot : none;
}

/// Cancelled ones included.
std::uint32_t worker::find_executing(task_id task, run_id id) const {
  if (const auto zombie = zombies_.find(id); zombie != zombies_.end()) return zombie->second;
  const auto slot = find_run(task, id);
  return slot != none && runs_[slot].at == phase::executing ? slot : none;
}

void worker::forget(std::uint32_t slot) {
  run_of_.erase(runs_[slot].task);
  runs_.remove(slot);
}

/// The run, and those that wait for its result, are not wanted any more.
void worker::abandon(std::uint32_t first) {
  // A list and not recursion: a chain can be longer than the stack is deep.
  std::vector<std::uint32_t> work{first};
  while (!work.empty()) {
    const auto slot = work.back();
    work.pop_back();
    auto& r = runs_[slot];
    if (!r.id || r.at == phase::cancelled) continue;  // Met on another way.
    drop_needs(slot);
    if (r.makes_input) {
      const auto waiting = fetches_.find(r.task);
      if (waiting != fetches_.end() && !waiting->second.asking) {
        for (const auto& n : waiting->second.needs)
          work.push_back(n.run);
        // Who wanted a copy as well asks again.
        waiting->second.for_keeps = false;
        if (waiting->second.needs.empty()) forget_fetch(waiting);
      }
    }
    if (r.at == phase::ready) --ready_count_;
    if (r.at != phase::executing) {
      forget(slot);
      continue;
    }
    forget_due(slot);
    r.at = phase::cancelled;
    run_of_.erase(r.task);
    zombies_.emplace(r.id, slot);
    out_->push_back(skip_execution{r.id});
  }
}

void worker::make_ready(std::uint32_t slot) {
  auto& r = runs_[slot];
  r.at = phase::ready;
  ++ready_count_;
  ready_[r.spec ? -std::int64_t{r.spec->priority} : 0].push({r.order, slot});
}

/// None if no run is ready.
std::uint32_t worker::next_ready() {
  while (!ready_.empty()) {
    auto& line = ready_.begin()->second;
    while (!line.empty()) {
      const auto e = line.front();
      line.pop();
      const auto& r = runs_[e.slot];
      if (r.id && r.order == e.order && r.at == phase::ready) return e.slot;
    }
    // The only line is kept: it would be made again for the next run.
    if (ready_.size() == 1) break;
    ready_.erase(ready_.begin());
  }
  return none;
}

bool worker::may_execute() const {
  const auto busy = executing_ - away_;
  if (busy < limits_.threads) return true;
  const auto ahead = busy - limits_.threads;
  return usual_duration_.count() >= 0 && ahead < limits_.ahead_max &&
         usual_duration_ * (ahead + 1) / limits_.threads < limits_.ahead;
}

void worker::execute_ready() {
  while (ready_count_ > 0 && may_execute() && !paused_ && !disk_must_catch_up()) {
    const auto slot = next_ready();
    auto& r = runs_[slot];
    if (timed(r) && executing_ - away_ >= limits_.threads) {
      --ready_count_;
      return make_ready(slot);
    }
    r.at = phase::executing;
    --ready_count_;
    ++executing_;
    if (timed(r)) {
      r.due = now_ + r.spec->timeout;
      due_.emplace(r.due, slot);
    }
    out_->push_back(
        execute{r.task, r.id, r.spec, std::move(r.arguments), std::move(r.values), r.awaits});
    if (r.makes_input) await_maker(r);
  }
}

void worker::on(run_executed& e) {
  if (auto zombie = zombies_.extract(e.run)) {
    end_executing(zombie.mapped());
    runs_.remove(zombie.mapped());
    return;
  }
  const auto slot = find_run(e.task, e.run);
  if (slot == none || runs_[slot].at != phase::executing) return;
  end_executing(slot);
  if (e.why.code == errc::cancelled) {
    // Though we did not say so: it was interrupted, because this process is about to end. The
    // scheduler runs it elsewhere.
    runs_[slot].at = phase::waiting;
    abandon(slot);
    return;
  }
  learn(e.duration);
  if (e.why.code != errc::ok) {
    ++failed_;
    tell(run_failed{e.task, e.run, std::move(e.why)});
    // Not executing any more, so that there is nothing to skip.
    runs_[slot].at = phase::waiting;
    abandon(slot);
    return;
  }
  ++finished_;
  const auto& kept = store_.put(e.task, std::move(e.content));
  const bool small = kept.size() <= limits_.inline_result_max;
  tell(run_finished{e.task, e.run, kept.size(), e.duration, small, small ? kept : value{}});
  forget(slot);
  input_here(e.task, kept);
}

void worker::learn(std::chrono::nanoseconds duration) {
  // Believes in long functions at once and in short ones only slowly: a wrong guess of "short" can
  // hold back urgent runs, a wrong guess of "long" costs microseconds.
  if (usual_duration_.count() < 0 || duration > usual_duration_)
    usual_duration_ = duration;
  else
    usual_duration_ = (usual_duration_ * 7 + duration) / 8;
}

void worker::end_if_idle() {
  if (!stopping_ || ended_ || executing_ > zombies_.size()) return;
  ended_ = true;
  out_->push_back(end_worker{});
}

void worker::tell(worker_message m) {
  out_->push_back(tell_scheduler{std::move(m)});
}

worker_counters worker::inspect() const {
  return {.runs_waiting = runs_.size() - ready_count_ - executing_,
          .runs_ready = ready_count_,
          .runs_executing = executing_,
          .runs_finished = finished_,
          .runs_failed = failed_,
          .fetches = fetches_.size(),
          .results = store_.size(),
          .results_bytes = store_.bytes(),
          .spilled_bytes = store_.disk_bytes(),
          .paused = paused_};
}

}  // namespace troupe::core
