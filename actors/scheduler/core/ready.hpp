#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "actors/core/order_queue.hpp"
#include "actors/scheduler/core/indexed_heap.hpp"
#include "actors/scheduler/core/tasks.hpp"

namespace troupe::core {

/// Which ready task goes first: the least.
struct ready_key {
  std::int64_t rank = 0;  ///< Minus the priority.
  std::uint64_t place = 0;
  std::uint32_t ahead = 0;  ///< Of those at one place, who was submitted first goes first.

  friend auto operator<=>(const ready_key&, const ready_key&) = default;
};

/// Lanes that the same groups of workers can serve. One that needs resources has a pool for itself.
struct pool {
  std::vector<std::uint32_t> groups;
  indexed_heap<ready_key> lanes;  ///< Those with ready tasks, by the first of them.
  std::uint32_t needy = none;     ///< The lane that needs resources, if it is one of those.
  bool blocked = false;           ///< No worker has the resources; needy pools only.
  std::uint32_t hint = none;      ///< A worker that may have them.
  std::uint32_t last = none;      ///< The worker that got the last task of those without needs.
};

/// Queued tasks in the order in which they should run. A task that is not queued any more is left
/// in its place and skipped later.
class ready_tasks {
public:
  explicit ready_tasks(const task_table& tasks) : tasks_(tasks) {}

  /// Says which groups can serve the lane; again after it changed.
  void set_lane(std::uint32_t lane, std::vector<std::uint32_t> groups, bool needy);

  bool serves(std::uint32_t group, std::uint32_t lane) const;

  /// Again if it has come to another place while it was queued.
  void push(std::uint32_t slot, std::int32_t priority);

  /// The pool whose first task goes before those of all other pools that have `room(pool)`.
  template <class Room>
  pool* first_pool(Room room) {
    pool* best = nullptr;
    for (auto& [key, p] : pools_) {
      if (p.lanes.empty() || !room(p)) continue;
      refresh(p);
      if (p.lanes.empty()) continue;
      if (!best || p.lanes.top().key < best->lanes.top().key) best = &p;
    }
    return best;
  }

  /// First task of the pool. It must have one, as after first_pool().
  std::uint32_t first_of(pool&);
  void pop_first(pool&);

  /// `f(pool)` for those whose lane needs resources.
  template <class F>
  void for_each_needy(F f) {
    for (auto at = pools_.lower_bound(pool_key{1, {}}); at != pools_.end(); ++at)
      f(at->second);
  }

  /// The one that goes first of all, whether a worker has room or not.
  std::optional<std::uint32_t> first();

private:
  struct lane_queue {
    std::map<std::int64_t, order_queue> lines;  ///< By rank.
    pool* home = nullptr;
  };

  // Needy lanes have a key of their own, so that their pools are not shared, and come last.
  using pool_key = std::pair<std::uint32_t, std::vector<std::uint32_t>>;

  bool stale(const order_queue::entry&) const;
  const order_queue::entry* head(order_queue&);
  std::optional<ready_key> head(lane_queue&);
  void refresh(pool&);

  const task_table& tasks_;
  std::vector<lane_queue> lanes_;
  std::map<pool_key, pool> pools_;
};

}  // namespace troupe::core
