#include "actors/scheduler/core/copies.hpp"

#include <utility>
#include <vector>

namespace troupe::core {

namespace {

/// Between two looks at a worker that leaves: it walks over all that the worker holds.
constexpr auto look_interval = std::chrono::milliseconds(50);

/// Who could not fetch a copy says nothing.
constexpr auto request_patience = std::chrono::seconds(10);

}  // namespace

void copy_keeper::let_leave(std::uint32_t worker, time_point now) {
  leaving_[workers_[worker].id];
  workers_[worker].excused_until = time_point::max();
  next_look_ = now;
}

std::optional<time_point> copy_keeper::deadline() const {
  if (leaving_.empty()) return {};
  return next_look_;
}

/// Says good-bye to workers that leave and have nothing to do and nothing to give any more.
void copy_keeper::look(time_point now) {
  if (leaving_.empty() || now < next_look_) return;
  next_look_ = now + look_interval;
  std::vector<worker_id> free;
  for (const auto& [id, asked] : leaving_) {
    const auto worker = workers_.find(id);
    const bool moved = move_only_copies(worker, now);
    if (moved && !runs_anything(worker)) free.push_back(id);
  }
  for (const auto id : free) {
    say_.tell(workers_.find(id), stop_worker{});
    leaving_.erase(id);
  }
}

/// Data that a client has yet to send does not count: it goes to another worker then.
bool copy_keeper::runs_anything(std::uint32_t worker) const {
  bool found = false;
  tasks_.for_each_run(worker, [&](std::uint32_t slot) {
    found = tasks_[slot].state == task_state::processing;
    return !found;
  });
  return found;
}

/// True if nothing that somebody needs is on this worker alone, or nobody is there to take it.
bool copy_keeper::move_only_copies(std::uint32_t worker, time_point now) {
  auto& asked = leaving_.at(workers_[worker].id);
  std::map<std::uint32_t, replicate_results> orders;
  bool none_left = true;
  for (const auto id : tasks_.held_by(worker)) {
    const auto slot = tasks_.find(id);
    if (!tasks_[slot].needed() || !tasks_.only_holder(slot)) continue;
    const auto before = asked.find(id);
    if (before != asked.end()) {
      const auto at = workers_.find(before->second.to);
      if (at != none && workers_[at].state == worker_state::running && now < before->second.until) {
        none_left = false;  // On its way.
        continue;
      }
    }
    const auto to = workers_.next_in_turn();
    if (to == none || workers_[to].state != worker_state::running) return true;
    asked[id] = {workers_[to].id, now + request_patience};
    orders[to].results.push_back({id, tasks_[slot].size, {workers_[worker].id}});
    none_left = false;
  }
  for (auto& [to, order] : orders) {
    say_.introduce(to, worker);
    say_.tell(to, std::move(order));
  }
  return none_left;
}

}  // namespace troupe::core
