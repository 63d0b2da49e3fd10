#include <algorithm>
#include <utility>
#include <vector>

#include "actors/worker/core/worker.hpp"

namespace troupe::core {

using namespace working;

void worker::on(welcome_worker& m) {
  // The first id stays ours for what is read from disk: see load_from_disk().
  if (!me_) me_ = m.worker;
  // Before the scheduler's first welcome a client may have pushed data, memory may have run short,
  // and it may have become time to leave. What was said of that was not heard.
  if (std::exchange(welcomed_, true) || store_.size() > 0 || paused_ || leaving_) register_again();
}

/// What was said to the scheduler lately, and by it, may be lost.
void worker::register_again() {
  for (const auto& [task, size] : store_.all())
    tell(result_added{task, size});
  // In the order in which they came: one that waits for the result of another comes after that.
  std::vector<std::pair<std::uint64_t, std::uint32_t>> runs;
  for (std::uint32_t slot = 0; slot < runs_.end(); ++slot)
    if (const auto& r = runs_[slot]; r.id && r.at != phase::cancelled)
      runs.emplace_back(r.order, slot);
  std::sort(runs.begin(), runs.end());
  for (const auto& [order, slot] : runs) {
    const auto& r = runs_[slot];
    tell(running_task{r.task, r.id});
    if (r.away) tell(run_seceded{r.task, r.id});
  }
  if (leaving_)
    tell(worker_changed{worker_state::leaving});
  else if (paused_)
    tell(worker_changed{worker_state::paused});
  tell(registered{});
}

}  // namespace troupe::core
