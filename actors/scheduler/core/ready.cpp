#include "actors/scheduler/core/ready.hpp"

#include <algorithm>

#include "serialization/check.hpp"

namespace troupe::core {

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

bool ready_tasks::serves(std::uint32_t group, std::uint32_t lane) const {
  const auto& able = lanes_[lane].home->groups;
  return std::binary_search(able.begin(), able.end(), group);
}

void ready_tasks::push(std::uint32_t slot, std::int32_t priority) {
  const auto& t = tasks_[slot];
  auto& queue = lanes_[t.lane];
  const ready_key key{-std::int64_t{priority}, t.place(), t.ahead};
  queue.lines[key.rank].push({key.place, slot, key.ahead});
  auto& lanes = queue.home->lanes;
  if (!lanes.contains(t.lane) || key < lanes.key_of(t.lane)) lanes.set(t.lane, key);
}

bool ready_tasks::stale(const order_queue::entry& e) const {
  const auto& t = tasks_[e.slot];
  return t.state != task_state::queued || t.place() != e.order || t.ahead != e.tie;
}

const order_queue::entry* ready_tasks::head(order_queue& line) {
  while (!line.empty() && stale(line.front()))
    line.pop();
  return line.empty() ? nullptr : &line.front();
}

std::optional<ready_key> ready_tasks::head(lane_queue& queue) {
  while (!queue.lines.empty()) {
    const auto first = queue.lines.begin();
    if (const auto* e = head(first->second)) return ready_key{first->first, e->order, e->tie};
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
  check(e && e->order == top.key.place, "the first of a pool is known");
  return e->slot;
}

void ready_tasks::pop_first(pool& p) {
  const auto lane = p.lanes.top().slot;
  auto& queue = lanes_[lane];
  queue.lines.begin()->second.pop();
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
