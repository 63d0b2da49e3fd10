#include <algorithm>
#include <utility>

#include "actors/worker/core/worker.hpp"
#include "serialization/check.hpp"

namespace troupe::core {

using namespace working;

/// Inputs that are not here, and that nobody we could ask is said to have.
bool worker::report_unreachable(const run_task& m) {
  std::vector<input_location> missing;
  for (const auto& input : m.inputs)
    if (!store_.holds(input.task) && !fetches_.contains(input.task) && !maker_of(input.task) &&
        std::ranges::none_of(input.holders, [this](worker_id w) { return can_ask(w); }))
      missing.push_back(input);
  if (missing.empty()) return false;
  tell(inputs_missing{m.task, m.run, std::move(missing)});
  return true;
}

bool worker::can_ask(worker_id who) const {
  return who != me_ && peers_.contains(who);
}

/// The run whose result it will be; nullptr if none is here.
worker::run* worker::maker_of(task_id task) {
  const auto* slot = run_of_.find(task);
  return slot ? &runs_[*slot] : nullptr;
}

void worker::need_input(std::uint32_t slot, std::uint32_t position, const input_location& input) {
  auto& r = runs_[slot];
  if (const auto file = store_.on_disk(input.task)) {
    load_from_disk(input.task, *file).needs.insert({slot, position});
    ++r.missing;
    return;
  }
  auto [at, fresh] = fetches_.try_emplace(input.task);
  auto& f = at->second;
  f.size = input.size;
  f.keep = true;
  f.needs.insert({slot, position});
  const bool elsewhere =
      f.asking || std::ranges::any_of(input.holders, [this](worker_id w) { return can_ask(w); });
  auto* maker = elsewhere ? nullptr : maker_of(input.task);
  if (maker) maker->makes_input = true;
  // The time of one with a timeout would begin too early.
  if (maker && maker->at == phase::executing && !timed(r)) {
    r.awaits.push_back({position, maker->id});
    return;
  }
  ++r.missing;
  add_holders(f, input.holders);
  if (fresh && !maker) check(ask_next(input.task, f), "an input has a holder to ask");
}

void worker::add_holders(fetch& f, const std::vector<worker_id>& holders) {
  std::vector<worker_id> fresh;
  for (auto holder : holders)
    if (can_ask(holder) && holder != f.asking && std::ranges::count(f.next, holder) == 0)
      fresh.push_back(holder);
  std::ranges::reverse(fresh);
  f.next.insert(f.next.begin(), fresh.begin(), fresh.end());
}

/// The peer that was asked has not got it, or is gone.
void worker::ask_another(task_id task) {
  auto& f = fetches_.at(task);
  stop_asking(task, f);
  if (std::ranges::count(f.asked, f.asking) == 0) f.asked.push_back(f.asking);
  if (ask_next(task, f)) return;
  f.asking = {};
  if (auto* maker = maker_of(task)) {
    maker->makes_input = true;
    return;
  }
  auto lost = fetches_.extract(task);
  const input_location missing{task, lost.mapped().size, lost.mapped().asked};
  auto last = none;
  for (const auto& n : lost.mapped().needs)
    if (std::exchange(last, n.run) != n.run) give_up(n.run, missing);
}

void worker::give_up(std::uint32_t slot, const input_location& missing) {
  const auto& r = runs_[slot];
  if (!r.id) return;  // It waited for another one, too, that was given up just now.
  tell(inputs_missing{r.task, r.id, {missing}});
  abandon(slot);
}

/// An input that nobody needs is not awaited; if it comes all the same, it is ignored.
void worker::drop_needs(std::uint32_t slot) {
  const auto& r = runs_[slot];
  for (std::uint32_t i = 0; i < r.inputs.size(); ++i) {
    auto at = fetches_.find(r.inputs[i]);
    if (at == fetches_.end() || at->second.needs.erase({slot, i}) == 0) continue;
    const auto& f = at->second;
    if (f.needs.empty() && f.askers.empty() && !f.for_keeps) forget_fetch(at);
  }
}

void worker::forget_fetch(std::map<task_id, fetch>::iterator at) {
  stop_asking(at->first, at->second);
  fetches_.erase(at);
}

void worker::input_here(task_id task, const value& content) {
  if (fetches_.empty()) return;
  auto found = fetches_.extract(task);
  if (found.empty()) return;
  stop_asking(task, found.mapped());
  for (const auto& n : found.mapped().needs) {
    auto& r = runs_[n.run];
    if (r.at == phase::executing) {
      out_->push_back(pass_input{r.id, n.position, content});
      continue;
    }
    r.values[n.position] = content;
    const auto awaited = std::ranges::find(r.awaits, n.position, &awaited_input::position);
    if (awaited != r.awaits.end())
      r.awaits.erase(awaited);
    else if (--r.missing == 0)
      make_ready(n.run);
  }
  for (const auto asker : found.mapped().askers)
    out_->push_back(answer{asker, result_value{task, content}});
}

/// From now on the executor will pass the result on.
void worker::await_maker(const run& maker) {
  const auto at = fetches_.find(maker.task);
  if (at == fetches_.end() || at->second.asking) return;
  for (const auto& n : at->second.needs) {
    auto& r = runs_[n.run];
    if (timed(r)) continue;
    r.awaits.push_back({n.position, maker.id});
    if (--r.missing == 0) make_ready(n.run);
  }
}

void worker::on(value_received& e) {
  if (e.peer == me_ && loading_ > 0) --loading_;
  auto at = fetches_.find(e.task);
  if (at == fetches_.end()) return;  // Nobody needs it any more, or another holder was faster.
  if (at->second.asking && at->second.asking == me_) return finish_load(at->second, e);
  if (at->second.keep) {
    store_.put(e.task, e.content);
    tell(result_added{e.task, e.content.size()});
  }
  input_here(e.task, e.content);
}

void worker::on(value_absent& e) {
  if (e.peer == me_ && loading_ > 0) --loading_;
  auto at = fetches_.find(e.task);
  if (at == fetches_.end() || at->second.asking != e.peer) return;
  if (e.peer == me_) lose_file(e.task);
  if (at->second.needs.empty())
    forget_fetch(at);
  else
    ask_another(e.task);
}

void worker::on(peer_lost& e) {
  auto at = peers_.find(e.peer);
  if (at == peers_.end()) return;
  at->second.waiting.clear();
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

}  // namespace troupe::core
