#include "actors/scheduler/core/workers.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "serialization/check.hpp"

namespace troupe::core {

namespace {

/// Tasks that were submitted one after the other stay on one worker for about so much work, or for
/// its share of them if that is more: often another task needs several of them.
constexpr std::uint64_t together_ns = 100'000;
constexpr std::uint64_t together_max_ns = 2'500'000;

/// So much more work than others have may be planned for a worker: a round trip is short beside it.
constexpr std::uint64_t planned_ahead_ns = 1'000'000;

bool covers(const amounts& have, const amounts& needs) {
  return std::all_of(needs.begin(), needs.end(), [&](const auto& need) {
    const auto at = have.find(need.first);
    return at != have.end() && at->second >= need.second;
  });
}

}  // namespace

worker_table::worker_table(std::chrono::nanoseconds prefetch)
    : full_(busy_key + static_cast<std::uint64_t>(std::max<std::int64_t>(prefetch.count(), 0))) {}

std::uint32_t worker_table::add(worker_id id, std::shared_ptr<const hello> who,
                                std::uint32_t group) {
  const auto slot = workers_.add();
  auto& w = workers_[slot];
  w.id = id;
  w.group = group;
  w.threads = std::clamp<std::uint32_t>(who->threads, 1, 1u << 16);
  w.total = w.free = to_amounts(who->resources);
  w.who = std::move(who);
  if (w.who->process != uuid{}) processes_[w.who->process] = slot;
  w.knows.meet(id);
  if (id.value >= slots_.size()) slots_.resize(id.value + 1, none);
  slots_[id.value] = slot;
  if (group >= groups_.size()) groups_.resize(group + 1);
  reorder(slot);
  return slot;
}

void worker_table::remove(std::uint32_t slot) {
  const auto& w = workers_[slot];
  check(w.runs == 0 && w.work_ns == 0 && w.free == w.total, "who leaves runs nothing");
  groups_[w.group].remove(slot);
  if (find_process(w.who->process) == slot) processes_.erase(w.who->process);
  idle_ -= w.idle;
  slots_[w.id.value] = none;
  workers_.remove(slot);
}

std::uint64_t worker_table::key_of(const worker_record& w) const {
  if (w.state != worker_state::running || w.held_back)
    return std::numeric_limits<std::uint64_t>::max();
  if (w.runs < w.threads) return busy_key * w.runs / w.threads;
  if (w.late > 0 || w.runs - w.threads >= prefetched_max)
    return std::numeric_limits<std::uint64_t>::max();
  return busy_key + w.work_ns / w.threads;
}

void worker_table::reorder(std::uint32_t slot) {
  auto& w = workers_[slot];
  groups_[w.group].set(slot, key_of(w));
  const bool idle = is_idle(w);
  const bool crowded = w.runs > w.threads;
  idle_ += idle;
  idle_ -= std::exchange(w.idle, idle);
  crowded_ += crowded;
  crowded_ -= std::exchange(w.crowded, crowded);
}

bool worker_table::is_idle(const worker_record& w) {
  return w.state == worker_state::running && !w.held_back && w.runs < w.threads;
}

void worker_table::note_late(std::uint32_t slot) {
  ++workers_[slot].late;
  reorder(slot);
}

void worker_table::note_finished(std::uint32_t slot) {
  ++workers_[slot].runs_finished;
  if (std::exchange(workers_[slot].late, 0) > 0) reorder(slot);
}

void worker_table::begin_run(std::uint32_t slot, std::uint32_t expected_ns, const amounts& needs) {
  auto& w = workers_[slot];
  ++w.runs;
  ++w.runs_assigned;
  w.work_ns += expected_ns;
  for (const auto& [name, amount] : needs) {
    w.free[name] -= amount;
    check(w.free[name] >= 0, "resources are not given twice");
  }
  reorder(slot);
}

void worker_table::end_run(std::uint32_t slot, std::uint32_t expected_ns, const amounts& needs) {
  auto& w = workers_[slot];
  leave_thread(slot, expected_ns);
  for (const auto& [name, amount] : needs)
    w.free[name] += amount;
}

void worker_table::set_group(std::uint32_t slot, std::uint32_t group) {
  groups_[workers_[slot].group].remove(slot);
  if (group >= groups_.size()) groups_.resize(group + 1);
  workers_[slot].group = group;
  reorder(slot);
}

void worker_table::set_state(std::uint32_t slot, worker_state state) {
  workers_[slot].state = state;
  reorder(slot);
}

void worker_table::hold_back(std::uint32_t slot, bool on) {
  workers_[slot].held_back = on;
  reorder(slot);
}

void worker_table::leave_thread(std::uint32_t slot, std::uint32_t expected_ns) {
  auto& w = workers_[slot];
  check(w.runs > 0 && w.work_ns >= expected_ns, "what ends has begun");
  --w.runs;
  w.work_ns -= expected_ns;
  reorder(slot);
}

void worker_table::take_thread(std::uint32_t slot, std::uint32_t expected_ns) {
  auto& w = workers_[slot];
  ++w.runs;
  w.work_ns += expected_ns;
  reorder(slot);
}

bool worker_table::has_free(std::uint32_t slot, const amounts& needs) const {
  return covers(workers_[slot].free, needs);
}

bool worker_table::could_have(std::uint32_t slot, const amounts& needs) const {
  return covers(workers_[slot].total, needs);
}

std::uint32_t worker_table::least_loaded(std::span<const std::uint32_t> groups) const {
  const indexed_heap<std::uint64_t>::entry* best = nullptr;
  for (const auto g : groups) {
    if (g >= groups_.size() || groups_[g].empty()) continue;
    const auto& top = groups_[g].top();
    if (!best || top.key < best->key) best = &top;
  }
  return best ? best->slot : none;
}

bool worker_table::nearly_as_free(std::uint32_t slot, std::uint32_t least,
                                  std::uint64_t share_ns) const {
  const auto& w = workers_[slot];
  const auto key = key_of(workers_[least]);
  const auto together = std::clamp(share_ns / w.threads, together_ns, together_max_ns);
  return key >= busy_key && has_room(slot) && key_of(w) <= key + together;
}

bool worker_table::can_plan_for(std::uint32_t slot) const {
  const auto& w = workers_[slot];
  const auto key = busy_key + w.work_ns / w.threads;
  if (!takes_runs(slot) || key >= full_) return false;
  const auto& least = groups_[w.group].top();
  return least.slot == slot || key <= std::max(least.key, busy_key) + planned_ahead_ns;
}

std::uint32_t worker_table::find_free(std::span<const std::uint32_t> groups,
                                      const amounts& needs) const {
  // The heap's order is nearly that of load, so the first that fits is a good one. All are asked
  // only when none fits, and then the caller waits until some worker frees resources.
  for (const auto g : groups) {
    if (g >= groups_.size()) continue;
    for (const auto& e : groups_[g].entries())
      if (e.key < full_ && has_free(e.slot, needs)) return e.slot;
  }
  return none;
}

std::uint64_t worker_table::wait_ns(std::uint32_t slot) const {
  const auto& w = workers_[slot];
  return w.runs < w.threads ? 0 : w.work_ns / w.threads;
}

std::uint32_t worker_table::next_in_turn() {
  auto any = none;
  for (std::uint32_t i = 0; i < workers_.end(); ++i) {
    turn_ = turn_ + 1 < workers_.end() ? turn_ + 1 : 0;
    if (!workers_[turn_].id) continue;
    if (workers_[turn_].state == worker_state::running) return turn_;
    any = turn_;
  }
  return any;
}

void worker_table::check_invariants() const {
  std::uint32_t idle = 0;
  std::uint32_t crowded = 0;
  for (std::uint32_t slot = 0; slot < workers_.end(); ++slot) {
    const auto& w = workers_[slot];
    if (!w.id) continue;
    check(find(w.id) == slot, "a worker is found by its id");
    idle += is_idle(w);
    crowded += w.runs > w.threads;
    check(groups_[w.group].contains(slot) && groups_[w.group].key_of(slot) == key_of(w),
          "a worker is ordered by its load");
    for (const auto& [name, amount] : w.free)
      check(amount >= 0 && amount <= w.total.at(name), "resources are between none and all");
  }
  check(idle == idle_ && crowded == crowded_, "who has too little and too much is counted");
}

}  // namespace troupe::core
