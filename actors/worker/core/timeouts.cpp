#include <string>
#include <utility>

#include "actors/worker/core/worker.hpp"

namespace troupe::core {

using namespace working;

namespace {

error too_long(std::chrono::nanoseconds timeout) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(timeout);
  return {errc::timeout, "it ran longer than its timeout of " + std::to_string(ms.count()) + " ms"};
}

}  // namespace

std::optional<time_point> worker::deadline() const {
  if (due_.empty()) return {};
  return due_.begin()->first;
}

bool worker::timed(const run& r) {
  return r.spec && r.spec->timeout.count() > 0;
}

void worker::on(clock_ticked&) {
  while (!due_.empty() && due_.begin()->first <= now_) {
    const auto slot = due_.begin()->second;
    const auto& r = runs_[slot];
    ++failed_;
    tell(run_failed{r.task, r.id, too_long(r.spec->timeout)});
    abandon(slot);
  }
}

void worker::end_executing(std::uint32_t slot) {
  forget_due(slot);
  --executing_;
  if (runs_[slot].away) --away_;
}

void worker::on(run_away& e) {
  const auto slot = find_executing(e.task, e.run);
  if (slot == none || std::exchange(runs_[slot].away, true)) return;
  ++away_;
  if (runs_[slot].at == phase::executing) tell(run_seceded{e.task, e.run});
}

void worker::on(run_back& e) {
  const auto slot = find_executing(e.task, e.run);
  if (slot == none || !std::exchange(runs_[slot].away, false)) return;
  --away_;
  if (runs_[slot].at == phase::executing) tell(run_rejoined{e.task, e.run});
}

void worker::forget_due(std::uint32_t slot) {
  auto& r = runs_[slot];
  if (r.due != time_point{}) due_.erase({std::exchange(r.due, {}), slot});
}

}  // namespace troupe::core
