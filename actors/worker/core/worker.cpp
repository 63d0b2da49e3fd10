#include "actors/worker/core/worker.hpp"

#include <algorithm>
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
  if (stopping_ || runs_.contains(m.run) || report_unreachable(m)) return;
  auto& r = runs_[m.run];
  r.task = m.task;
  r.spec = std::move(m.spec);
  r.arguments = std::move(m.arguments);
  r.order = arrivals_++;
  r.inputs.reserve(m.inputs.size());
  r.values.resize(m.inputs.size());
  for (const auto& input : m.inputs)
    r.inputs.push_back(input.task);
  for (std::uint32_t i = 0; i < m.inputs.size(); ++i) {
    if (const auto* held = store_.find(m.inputs[i].task)) {
      r.values[i] = *held;
    } else {
      ++r.missing;
      need_input(m.run, i, m.inputs[i]);
    }
  }
  if (r.missing == 0) make_ready(m.run, r);
}

/// Inputs that are not here, and that nobody we could ask is said to have.
bool worker::report_unreachable(const run_task& m) {
  std::vector<input_location> missing;
  for (const auto& input : m.inputs)
    if (!store_.find(input.task) && !fetches_.contains(input.task) &&
        std::ranges::none_of(input.holders, [this](worker_id w) { return can_ask(w); }))
      missing.push_back(input);
  if (missing.empty()) return false;
  tell(inputs_missing{m.task, m.run, std::move(missing)});
  return true;
}

bool worker::can_ask(worker_id who) const {
  return who != me_ && peers_.contains(who);
}

void worker::need_input(run_id id, std::uint32_t position, const input_location& input) {
  auto [at, fresh] = fetches_.try_emplace(input.task);
  auto& f = at->second;
  f.size = input.size;
  f.keep = true;
  f.needs.emplace(id, position);
  add_holders(f, input.holders);
  if (fresh) check(ask_next(input.task, f), "an input that is waited for has a holder to ask");
}

void worker::add_holders(fetch& f, const std::vector<worker_id>& holders) {
  std::vector<worker_id> fresh;
  for (auto holder : holders)
    if (can_ask(holder) && holder != f.asking && std::ranges::count(f.next, holder) == 0)
      fresh.push_back(holder);
  std::ranges::reverse(fresh);
  f.next.insert(f.next.begin(), fresh.begin(), fresh.end());
}

bool worker::ask_next(task_id task, fetch& f) {
  if (f.next.empty()) return false;
  f.asking = f.next.back();
  f.next.pop_back();
  auto& p = peers_.at(f.asking);
  p.fetching.insert(task);
  if (!std::exchange(p.known, true)) out_->push_back(know_peer{f.asking, p.address});
  out_->push_back(fetch_from{f.asking, task});
  return true;
}

/// The peer that was asked has not got it, or is gone.
void worker::ask_another(task_id task) {
  auto& f = fetches_.at(task);
  peers_.at(f.asking).fetching.erase(task);
  if (std::ranges::count(f.asked, f.asking) == 0) f.asked.push_back(f.asking);
  if (ask_next(task, f)) return;
  auto lost = fetches_.extract(task);
  const input_location missing{task, lost.mapped().size, lost.mapped().asked};
  run_id last;
  for (const auto& [id, position] : lost.mapped().needs)
    if (std::exchange(last, id) != id) give_up(id, missing);
}

void worker::give_up(run_id id, const input_location& missing) {
  auto gone = runs_.extract(id);
  drop_needs(id, gone.mapped());
  tell(inputs_missing{gone.mapped().task, id, {missing}});
}

/// An input that nobody needs is not awaited; if it comes all the same, it is ignored.
void worker::drop_needs(run_id id, const run& r) {
  for (std::uint32_t i = 0; i < r.inputs.size(); ++i) {
    auto at = fetches_.find(r.inputs[i]);
    if (at == fetches_.end() || at->second.needs.erase({id, i}) == 0) continue;
    if (!at->second.needs.empty()) continue;
    peers_.at(at->second.asking).fetching.erase(at->first);
    fetches_.erase(at);
  }
}

void worker::on(value_received& e) {
  auto at = fetches_.find(e.task);
  if (at == fetches_.end()) return;  // Nobody needs it any more, or another holder was faster.
  if (at->second.keep) {
    store_.put(e.task, e.content);
    tell(result_added{e.task, e.content.size()});
  }
  input_here(e.task, e.content);
}

void worker::on(value_absent& e) {
  auto at = fetches_.find(e.task);
  if (at != fetches_.end() && at->second.asking == e.peer) ask_another(e.task);
}

void worker::on(peer_lost& e) {
  auto at = peers_.find(e.peer);
  if (at == peers_.end()) return;
  // Asking another changes the set, but never adds to it: a lost peer is not the next to be asked.
  for (auto task : std::set(at->second.fetching))
    if (fetches_.contains(task)) ask_another(task);
}

void worker::on(value_stored& e) {
  // Told again even if it was here: the client may push twice because the first report was lost.
  const auto& kept = store_.put(e.task, std::move(e.content));
  tell(result_added{e.task, kept.size()});
  input_here(e.task, kept);
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
  auto at = runs_.find(m.run);
  if (at == runs_.end()) return;  // Reported already; the two messages crossed.
  auto& r = at->second;
  switch (r.at) {
    case phase::waiting:
      drop_needs(m.run, r);
      runs_.erase(at);
      return;
    case phase::ready:
      ready_.erase(rank_of(r));
      runs_.erase(at);
      return;
    case phase::executing:
      r.at = phase::cancelled;
      ++cancelled_;
      out_->push_back(skip_execution{m.run});
      return;
    case phase::cancelled:
      return;
  }
}

void worker::on(stop_worker&) {
  stopping_ = true;
  for (const auto& [place, id] : std::exchange(ready_, {}))
    runs_.erase(id);
  for (const auto& [task, f] : std::exchange(fetches_, {})) {
    peers_.at(f.asking).fetching.erase(task);
    for (const auto& [id, position] : f.needs)
      runs_.erase(id);
  }
}

void worker::input_here(task_id task, const value& content) {
  auto done = fetches_.extract(task);
  if (done.empty()) return;
  peers_.at(done.mapped().asking).fetching.erase(task);
  for (const auto& [id, position] : done.mapped().needs) {
    auto& r = runs_.at(id);
    r.values[position] = content;
    if (--r.missing == 0) make_ready(id, r);
  }
}

worker::rank worker::rank_of(const run& r) {
  return {r.spec ? -std::int64_t{r.spec->priority} : 0, r.order};
}

void worker::make_ready(run_id id, run& r) {
  r.at = phase::ready;
  ready_.emplace(rank_of(r), id);
}

bool worker::may_execute() const {
  if (executing_ < limits_.threads) return true;
  const auto ahead = executing_ - limits_.threads;
  return usual_duration_.count() >= 0 && ahead < limits_.ahead_max &&
         usual_duration_ * (ahead + 1) / limits_.threads < limits_.ahead;
}

void worker::execute_ready() {
  while (!ready_.empty() && may_execute()) {
    const auto id = ready_.begin()->second;
    ready_.erase(ready_.begin());
    auto& r = runs_.at(id);
    r.at = phase::executing;
    ++executing_;
    out_->push_back(
        execute{r.task, id, std::move(r.spec), std::move(r.arguments), std::move(r.values)});
  }
}

void worker::on(run_executed& e) {
  auto at = runs_.find(e.run);
  if (at == runs_.end() || at->second.at < phase::executing) return;
  const auto was = at->second.at;
  runs_.erase(at);
  --executing_;
  if (was == phase::cancelled) {
    --cancelled_;
    return;
  }
  learn(e.duration);
  if (e.why.code != errc::ok) {
    ++failed_;
    tell(run_failed{e.task, e.run, std::move(e.why)});
    return;
  }
  ++finished_;
  const auto& kept = store_.put(e.task, std::move(e.content));
  const bool small = kept.size() <= limits_.inline_result_max;
  tell(run_finished{e.task, e.run, kept.size(), e.duration, small, small ? kept : value{}});
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
  if (!stopping_ || ended_ || executing_ > cancelled_) return;
  ended_ = true;
  out_->push_back(end_worker{});
}

void worker::tell(worker_message m) {
  out_->push_back(tell_scheduler{std::move(m)});
}

worker_counters worker::inspect() const {
  return {.runs_waiting = runs_.size() - ready_.size() - executing_,
          .runs_ready = ready_.size(),
          .runs_executing = executing_,
          .runs_finished = finished_,
          .runs_failed = failed_,
          .fetches = fetches_.size(),
          .results = store_.size(),
          .results_bytes = store_.bytes()};
}

void worker::check_invariants() const {
  std::map<run_id, std::uint32_t> needs;
  for (const auto& [task, f] : fetches_) {
    check(!f.needs.empty(), "what is fetched is needed");
    check(!store_.find(task), "what is here is not fetched");
    check(peers_.at(f.asking).fetching.contains(task), "a peer that is asked knows what for");
    for (const auto& [id, position] : f.needs) {
      const auto& r = runs_.at(id);
      check(r.at == phase::waiting, "only waiting runs need inputs");
      check(r.inputs.at(position) == task, "a need is for an input of its run");
      ++needs[id];
    }
  }
  for (const auto& [id, missing] : needs)
    check(runs_.at(id).missing == missing, "a run misses what is fetched for it");
  for (const auto& [place, id] : ready_) {
    const auto& r = runs_.at(id);
    check(r.at == phase::ready && r.missing == 0, "runs in the queue are ready");
    check(rank_of(r) == place, "runs are queued by their rank");
  }
  for (const auto& [id, p] : peers_)
    for (auto task : p.fetching)
      check(fetches_.contains(task) && fetches_.at(task).asking == id,
            "a peer is asked for what is fetched from it");
  check(needs.size() + ready_.size() + executing_ == runs_.size(), "every run is somewhere");
  check(cancelled_ <= executing_, "cancelled runs hold threads");
  check(ready_.empty() || !may_execute(), "no thread is idle while a run is ready");
  check(!stopping_ || (ready_.empty() && fetches_.empty()), "nothing starts after the stop");
}

}  // namespace troupe::core
