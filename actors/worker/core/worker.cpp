#include "actors/worker/core/worker.hpp"

#include <utility>
#include <variant>

#include "serialization/check.hpp"

namespace troupe::core {

using namespace working;

worker::worker(worker_limits limits) : limits_(limits) {
  check(limits.threads > 0, "a worker has threads");
}

void worker::handle(event what, time_point, std::vector<effect>& out) {
  out_ = &out;
  std::visit([this](auto& e) { on(e); }, what);
  execute_ready();
  end_if_idle();
  out_ = nullptr;
}

void worker::on(scheduler_said& e) {
  std::visit([this](auto& m) { on(m); }, e.message);
}

void worker::on(welcome_worker& m) {
  me_ = m.worker;
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
  else
    out_->push_back(answer{e.connection, result_absent{e.task}});
}

void worker::on(memory_measured& e) {
  tell(worker_report{e.used_bytes, store_.bytes()});
}

void worker::on(drop_result& m) {
  store_.drop(m.task);
  if (auto at = fetches_.find(m.task); at != fetches_.end()) at->second.keep = false;
}

void worker::on(cancel_run& m) {
  // None: reported already; the two messages crossed.
  if (const auto slot = find_run(m.task, m.run); slot != none) abandon(slot);
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
      if (waiting != fetches_.end() && !waiting->second.asking)
        for (const auto& n : waiting->second.needs)
          work.push_back(n.run);
    }
    if (r.at == phase::ready) --ready_count_;
    if (r.at != phase::executing) {
      forget(slot);
      continue;
    }
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
  if (executing_ < limits_.threads) return true;
  const auto ahead = executing_ - limits_.threads;
  return usual_duration_.count() >= 0 && ahead < limits_.ahead_max &&
         usual_duration_ * (ahead + 1) / limits_.threads < limits_.ahead;
}

void worker::execute_ready() {
  while (ready_count_ > 0 && may_execute()) {
    const auto slot = next_ready();
    auto& r = runs_[slot];
    r.at = phase::executing;
    --ready_count_;
    ++executing_;
    out_->push_back(execute{r.task, r.id, std::move(r.spec), std::move(r.arguments),
                            std::move(r.values), r.awaits});
    if (r.makes_input) await_maker(r);
  }
}

void worker::on(run_executed& e) {
  if (auto zombie = zombies_.extract(e.run)) {
    runs_.remove(zombie.mapped());
    --executing_;
    return;
  }
  const auto slot = find_run(e.task, e.run);
  if (slot == none || runs_[slot].at != phase::executing) return;
  --executing_;
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
          .results_bytes = store_.bytes()};
}

void worker::check_invariants() const {
  std::map<std::uint32_t, std::uint32_t> missing;
  for (const auto& [task, f] : fetches_) {
    check(!f.needs.empty(), "what is fetched is needed");
    check(!store_.find(task), "what is here is not fetched");
    const auto* maker = run_of_.find(task);
    check(maker || f.asking, "what is not here is asked for, or made");
    if (f.asking) check(peers_.at(f.asking).fetching.contains(task), "a peer knows what is asked");
    for (const auto& n : f.needs) {
      const auto& r = runs_[n.run];
      check(r.inputs.at(n.position) == task, "a need is for an input of its run");
      const bool awaited = std::ranges::count(r.awaits, n.position, &awaited_input::position) == 1;
      if (awaited) check(maker && runs_[*maker].at == phase::executing, "awaited is what executes");
      if (!awaited) check(r.at == phase::waiting, "only waiting runs miss inputs");
      missing[n.run] += !awaited;
    }
  }
  std::uint64_t ready = 0;
  std::uint32_t executing = 0;
  std::size_t zombies = 0;
  for (std::uint32_t slot = 0; slot < runs_.end(); ++slot) {
    const auto& r = runs_[slot];
    if (!r.id) continue;
    check(r.missing == missing[slot], "a run misses what is fetched or made for it");
    check((r.at == phase::waiting) == (r.missing > 0), "a run waits for what it misses");
    ready += r.at == phase::ready;
    executing += r.at == phase::executing || r.at == phase::cancelled;
    zombies += r.at == phase::cancelled;
    if (r.at == phase::cancelled)
      check(zombies_.at(r.id) == slot, "cancelled runs are remembered");
    else
      check(*run_of_.find(r.task) == slot, "a run is found by its task");
  }
  for (const auto& [id, p] : peers_)
    for (auto task : p.fetching)
      check(fetches_.contains(task) && fetches_.at(task).asking == id,
            "a peer is asked for what is fetched from it");
  check(ready == ready_count_ && executing == executing_, "runs are counted");
  check(zombies == zombies_.size() && run_of_.size() + zombies == runs_.size(), "none is lost");
  check(ready == 0 || !may_execute(), "no thread is idle while a run is ready");
  check(!stopping_ || (ready == 0 && runs_.size() == executing), "nothing starts after the stop");
}

}  // namespace troupe::core
