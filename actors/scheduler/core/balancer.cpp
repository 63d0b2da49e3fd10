#include "actors/scheduler/core/balancer.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe::core {

namespace {

constexpr std::chrono::nanoseconds interval = std::chrono::milliseconds(100);

/// Of many idle workers only so many are asked whether a task could run there.
constexpr std::size_t idle_seen_max = 64;

/// Bytes that take a nanosecond to move, and what each fetch takes besides: as placement.cpp has
/// it.
constexpr std::uint64_t fetch_latency_ns = 200'000;

}  // namespace

std::optional<time_point> work_balancer::deadline() const {
  if (!armed_) return {};
  return next_look_;
}

void work_balancer::tend(time_point now, std::uint64_t last_run) {
  if (workers_.idle() == 0 || workers_.crowded() == 0) {
    armed_ = false;
    return;
  }
  if (armed_ && now < next_look_) return;
  // When this begins, nothing is known of how long runs have waited.
  old_runs_ = armed_ ? runs_before_ : 0;
  runs_before_ = last_run;
  next_look_ = now + interval;
  if (std::exchange(armed_, true)) look();
}

void work_balancer::look() {
  idle_.clear();
  to_give_ns_ = 0;
  for (std::uint32_t w = 0; w < workers_.end(); ++w) {
    if (!workers_[w].id || !workers_[w].idle) continue;
    idle_.push_back(w);
    to_give_ns_ += workers_.spare_ns(w);
  }
  for (std::uint32_t w = 0; w < workers_.end() && to_give_ns_ > 0; ++w)
    if (workers_[w].id && workers_[w].crowded) ask_back(w);
}

void work_balancer::ask_back(std::uint32_t worker) {
  auto running = workers_[worker].threads;
  bool late = false;
  tasks_.for_each_run(worker, [&](std::uint32_t slot) {
    auto& t = tasks_[slot];
    if (t.run.value > old_runs_) return false;
    if (t.state != task_state::processing || t.away) return true;
    // Those at the front are what it probably runs; it would keep them.
    if (running > 0) return --running, true;
    late = true;
    if (t.called_back || !wanted_elsewhere(slot) || !worth_moving(slot, worker)) return true;
    t.called_back = true;
    say_.tell(worker, return_run{t.id, t.run});
    to_give_ns_ -= std::min<std::uint64_t>(to_give_ns_, t.expected_ns);
    return to_give_ns_ > 0;
  });
  if (late) workers_.note_late(worker);
}

bool work_balancer::wanted_elsewhere(std::uint32_t slot) const {
  const auto lane = tasks_[slot].lane;
  const auto& needs = catalog_.lane_at(lane).needs;
  const auto seen = std::min(idle_.size(), idle_seen_max);
  return std::any_of(idle_.begin(), idle_.begin() + static_cast<std::ptrdiff_t>(seen),
                     [&](std::uint32_t w) {
                       return ready_.serves(workers_[w].group, lane) && workers_.has_free(w, needs);
                     });
}

/// It has waited for as long as its inputs would take to be brought elsewhere.
bool work_balancer::worth_moving(std::uint32_t slot, std::uint32_t worker) const {
  std::uint64_t move_ns = fetch_latency_ns;
  bool here = true;
  tasks_.for_each_input(slot, [&](std::uint32_t input) {
    // What is made on this worker and is not there yet keeps the task here.
    here = here && tasks_[input].state == task_state::in_memory;
    if (tasks_.held_by(input, worker)) move_ns += tasks_[input].size;
  });
  const auto waited = interval.count() * (workers_[worker].late + 1);
  return here && move_ns <= static_cast<std::uint64_t>(waited);
}

}  // namespace troupe::core
