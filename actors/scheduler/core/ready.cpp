#include "actors/scheduler/core/ready.hpp"

#include <algorithm>

#include "serialization/check.hpp"

namespace troupe::core {

namespace {

constexpr auto later = [](const auto& a, const auto& b) { return a.order > b.order; };

}  // namespace

void ready_tasks::set_lane(std::uint32_t lane, std::vector<std::uint32_t> groups, bool needy) {
  if (lane >= lanes_.size()) lanes_.resize(lane + 1);
  auto& queue = lanes_[lane];
  const auto [at, added] = pools_.try_emplace(pool_key{needy ? lane + 1 : 0, std::move(groups)});
  auto& p = at->second;
  if (added) p.groups = at->first.second;
  if (needy) p.needy = lane;
  if (queue.home == &p) return;
  if (queue.home) queue.home->lanes.remove(lane);
  queue.home = &p;
  if (const auto key = head(queue)) p.lanes.set(lane, *key);
}

void ready_tasks::push(std::uint32_t slot, std::int32_t priority) {
  const auto& t = tasks_[slot];
  auto& queue = lanes_[t.lane];
  const ready_key key{-std::int64_t{priority}, t.order};
  auto& l = queue.lines[key.rank];
  if (l.in_order.empty() || l.in_order.back().order < t.order) {
    l.in_order.push_back(entry{t.order, slot});
  } else {
    l.late.push_back(entry{t.order, slot});
    std::push_heap(l.late.begin(), l.late.end(), later);
  }
  auto& lanes = queue.home->lanes;
  if (!lanes.contains(t.lane) || key < lanes.key_of(t.lane)) lanes.set(t.lane, key);
}

bool ready_tasks::stale(const entry& e) const {
  const auto& t = tasks_[e.slot];
  return t.state != task_state::queued || t.order != e.order;
}

void ready_tasks::pop_head(line& l) {
  if (l.late.empty() || (!l.in_order.empty() && l.in_order.front().order < l.late.front().order)) {
    l.in_order.pop_front();
    return;
  }
  std::pop_heap(l.late.begin(), l.late.end(), later);
  l.late.pop_back();
}

const ready_tasks::entry* ready_tasks::head(line& l) {
  for (;;) {
    if (l.in_order.empty() && l.late.empty()) return nullptr;
    const auto* e = l.in_order.empty() ? &l.late.front() : &l.in_order.front();
    if (!l.late.empty() && l.late.front().order < e->order) e = &l.late.front();
    if (!stale(*e)) return e;
    pop_head(l);
  }
}

std::optional<ready_key> ready_tasks::head(lane_queue& queue) {
  while (!queue.lines.empty()) {
    const auto first = queue.lines.begin();
    if (const auto* e = head(first->second)) return ready_key{first->first, e->order};
    // The only line is kept: it would be made again for the next task.
    if (queue.lines.size() == 1) return {};
    queue.lines.erase(first);
  }
  return {};
}

void ready_tasks::refresh(pool& p) {
  while (!p.lanes.empty()) {
    const auto top = p.lanes.top();
    const auto key = head(lanes_[top.slot]);
    if (key == top.key) return;
    if (key)
      p.lanes.set(top.slot, *key);
    else
      p.lanes.remove(top.slot);
  }
}

std::uint32_t ready_tasks::first_of(pool& p) {
  const auto& top = p.lanes.top();
  const auto* e = head(lanes_[top.slot].lines.begin()->second);
  check(e && e->order == top.key.order, "the first of a pool is known");
  return e->slot;
}

void ready_tasks::pop_first(pool& p) {
  const auto lane = p.lanes.top().slot;
  auto& queue = lanes_[lane];
  pop_head(queue.lines.begin()->second);
  if (const auto key = head(queue))
    p.lanes.set(lane, *key);
  else
    p.lanes.remove(lane);
}

std::optional<std::uint32_t> ready_tasks::first() {
  auto* p = first_pool([](const pool&) { return true; });
  if (!p) return {};
  return first_of(*p);
}

}  // namespace troupe::core
