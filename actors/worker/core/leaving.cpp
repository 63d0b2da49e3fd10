#include <algorithm>

#include "actors/worker/core/worker.hpp"

namespace troupe::core {

using namespace working;

void worker::on(leave_wanted&) {
  if (leaving_ || stopping_) return;
  leaving_ = true;
  tell(worker_changed{worker_state::leaving});
  return_runs();
}

void worker::on(leave_cluster&) {
  if (leaving_ || stopping_) return;
  working::leave_wanted wanted;
  on(wanted);
  out_->push_back(limit_leaving{});
}

void worker::on(return_run& m) {
  const auto slot = find_run(m.task, m.run);
  if (slot == none || runs_[slot].at >= phase::executing) return;
  tell(run_returned{m.task, m.run});
  abandon(slot);
}

void worker::on(replicate_results& m) {
  if (stopping_) return;
  for (const auto& result : m.results) {
    if (store_.holds(result.task)) {
      tell(result_added{result.task, result.size});
      continue;
    }
    if (std::ranges::none_of(result.holders, [this](worker_id w) { return can_ask(w); })) continue;
    auto [at, fresh] = fetches_.try_emplace(result.task);
    at->second.size = result.size;
    at->second.for_keeps = true;
    add_holders(at->second, result.holders);
    if (fresh) ask_next(result.task, at->second);
  }
}

}  // namespace troupe::core
