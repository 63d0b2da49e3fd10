#include "actors/scheduler/core/copies.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace troupe::core {

namespace {

/// Between two looks at a worker that leaves: it walks over all that the worker holds.
constexpr auto look_interval = std::chrono::milliseconds(50);

/// Who could not fetch a copy says nothing.
constexpr auto request_patience = std::chrono::seconds(10);

/// A move that has not happened after so many looks will not.
constexpr int move_looks_max = 12;

/// While copies are needed for long, looks come that seldom.
constexpr std::chrono::nanoseconds pause_max = std::chrono::minutes(1);

/// So many bytes more than its share are too little to be moved for.
constexpr std::uint64_t surplus_min = 1 << 20;

}  // namespace

std::optional<time_point> copy_keeper::deadline() const {
  std::optional<time_point> first;
  if (!leaving_.empty()) first = next_leaving_look_;
  if (!idle() && (!first || next_copies_look_ < *first)) first = next_copies_look_;
  return first;
}

void copy_keeper::look(time_point now) {
  if (!leaving_.empty() && now >= next_leaving_look_) look_at_leaving(now);
  if (!idle() && now >= next_copies_look_) look_at_copies(now);
}

void copy_keeper::let_leave(std::uint32_t worker, time_point now) {
  leaving_[workers_[worker].id];
  workers_[worker].excused_until = time_point::max();
  next_leaving_look_ = now;
}

/// Says good-bye to workers that leave and have nothing to do and nothing to give any more.
void copy_keeper::look_at_leaving(time_point now) {
  next_leaving_look_ = now + look_interval;
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
  orders all;
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
    all[to].results.push_back({id, tasks_[slot].size, {workers_[worker].id}});
    none_left = false;
  }
  send(all);
  return none_left;
}

void copy_keeper::send(orders& all) {
  for (auto& [to, order] : all) {
    for (const auto& result : order.results)
      for (const auto holder : result.holders)
        say_.introduce(to, workers_.find(holder));
    say_.tell(to, std::move(order));
  }
}

void copy_keeper::note_result(std::uint32_t slot, time_point now) {
  const auto id = tasks_[slot].id;
  if (idle()) look_soon(now);
  if (!tasks_.only_holder(slot) && copied_.insert(id).second) look_soon(now);
  if (wanted_.empty() || !wanted_.contains(id)) return;
  incomplete_ = true;
  orders all;
  make_copies(slot, all);
  send(all);
}

void copy_keeper::look_soon(time_point now) {
  pause_ = patience_;
  next_copies_look_ = idle() ? now + patience_ : std::min(next_copies_look_, now + patience_);
}

void copy_keeper::note_workers(time_point now) {
  if (wanted_.empty()) return;
  look_soon(now);
  incomplete_ = true;
}

void copy_keeper::forget(task_id task) {
  if (!copied_.empty()) copied_.erase(task);
  if (!spare_.empty()) spare_.erase(task);
  if (!wanted_.empty()) wanted_.erase(task);
  if (!moves_.empty()) moves_.erase(task);
}

void copy_keeper::set_copies(std::uint32_t slot, std::uint64_t copies, time_point now) {
  const auto id = tasks_[slot].id;
  look_soon(now);
  if (tasks_[slot].first_hold != none && !tasks_.only_holder(slot)) copied_.insert(id);
  if (copies <= 1) {
    wanted_.erase(id);
    return;
  }
  incomplete_ = true;
  wanted_[id] = static_cast<std::uint32_t>(std::min<std::uint64_t>(copies, 1u << 16));
  if (tasks_[slot].state != task_state::in_memory) return;
  orders all;
  make_copies(slot, all);
  send(all);
}

std::uint32_t copy_keeper::running_copies(std::uint32_t slot) const {
  std::uint32_t copies = 0;
  tasks_.for_each_holder(slot, [&](std::uint32_t w) {
    copies += workers_[w].state == worker_state::running;
    return true;
  });
  return copies;
}

/// As many more as are wanted, on the workers whose turn it is.
void copy_keeper::make_copies(std::uint32_t slot, orders& all) {
  const auto& t = tasks_[slot];
  const auto copies = running_copies(slot);
  const auto wanted = wanted_.at(t.id);
  if (copies >= wanted) return;
  input_location where{t.id, t.size, {}};
  tasks_.for_each_holder(slot, [&](std::uint32_t w) {
    where.holders.push_back(workers_[w].id);
    return where.holders.size() < 4;
  });
  std::set<std::uint32_t> to;
  for (std::size_t tried = 0; tried < workers_.size() && to.size() < wanted - copies; ++tried) {
    const auto w = workers_.next_in_turn();
    if (w == none || workers_[w].state != worker_state::running) return;
    if (!tasks_.held_by(slot, w)) to.insert(w);
  }
  for (const auto w : to)
    all[w].results.push_back(where);
}

void copy_keeper::look_at_copies(time_point now) {
  bool busy = std::erase_if(moves_, [&](const auto& one) {
                return end_move(one.first, one.second, now);
              }) > 0;
  orders all;
  for (const auto& [id, copies] : wanted_) {
    const auto slot = tasks_.find(id);
    if (tasks_[slot].state == task_state::in_memory) make_copies(slot, all);
  }
  // What was asked of whom may not come.
  incomplete_ = !all.empty();
  busy = busy || incomplete_;
  send(all);
  const auto before = std::exchange(spare_, {});
  for (auto at = copied_.begin(); at != copied_.end();) {
    const auto id = *at;
    const auto slot = tasks_.find(id);
    if (slot == none || tasks_[slot].state != task_state::in_memory || !may_have_spare(slot)) {
      at = copied_.erase(at);
      continue;
    }
    ++at;
    if (tasks_[slot].users > 0 || moves_.contains(id)) continue;
    busy = true;
    if (before.contains(id))
      drop_spare(slot);
    else
      spare_.insert(id);
  }
  pause_ = busy ? patience_ : std::min(2 * pause_, std::max(patience_, pause_max));
  next_copies_look_ = now + pause_;
}

bool copy_keeper::may_have_spare(std::uint32_t slot) const {
  const auto at = wanted_.find(tasks_[slot].id);
  auto left = at == wanted_.end() ? 1u : at->second;
  bool more = false;
  tasks_.for_each_holder(slot, [&](std::uint32_t) { return !(more = left-- == 0); });
  return more;
}

/// True if it is done, or cannot be.
bool copy_keeper::end_move(task_id id, const move& m, time_point now) {
  const auto slot = tasks_.find(id);
  const auto from = workers_.find(m.from);
  const auto to = workers_.find(m.to);
  if (slot == none || from == none || to == none || now >= m.until) return true;
  if (!tasks_.held_by(slot, to) || tasks_[slot].users > 0) return false;
  drop_copy(slot, from);
  return true;
}

/// The oldest stay: clients have heard of those.
void copy_keeper::drop_spare(std::uint32_t slot) {
  const auto at = wanted_.find(tasks_[slot].id);
  auto keep = at == wanted_.end() ? 1u : at->second;
  std::vector<std::uint32_t> spare;
  tasks_.for_each_holder(slot, [&](std::uint32_t w) {
    if (workers_[w].state != worker_state::running) return true;
    if (keep > 0)
      --keep;
    else
      spare.push_back(w);
    return true;
  });
  for (const auto w : spare)
    drop_copy(slot, w);
}

bool copy_keeper::drop_copy(std::uint32_t slot, std::uint32_t worker) {
  if (tasks_.only_holder(slot) || !tasks_.remove_holder(slot, worker)) return false;
  say_.tell(worker, drop_result{tasks_[slot].id});
  return true;
}

/// From those with more than their share of all results, by memory, to those with less.
void copy_keeper::rebalance(time_point now) {
  struct place {
    std::uint32_t worker = none;
    std::uint64_t has = 0;
    std::uint64_t share = 0;
  };
  std::vector<place> places;
  std::uint64_t bytes = 0;
  double memory = 0;
  const auto memory_of = [&](std::uint32_t w) {
    return static_cast<double>(std::max<std::uint64_t>(workers_[w].who->memory_bytes, 1));
  };
  for (std::uint32_t w = 0; w < workers_.end(); ++w) {
    if (!workers_[w].id || workers_[w].state != worker_state::running) continue;
    places.push_back({w, tasks_.load(w).results_bytes, 0});
    bytes += places.back().has;
    memory += memory_of(w);
  }
  for (auto& p : places)
    p.share = static_cast<std::uint64_t>(static_cast<double>(bytes) * memory_of(p.worker) / memory);
  const auto more_room = [](const place& a, const place& b) {
    return static_cast<std::int64_t>(a.share - a.has) < static_cast<std::int64_t>(b.share - b.has);
  };
  auto to = places;
  std::make_heap(to.begin(), to.end(), more_room);
  look_soon(now);
  orders all;
  for (auto& from : places) {
    for (const auto id : tasks_.held_by(from.worker)) {
      const auto slot = tasks_.find(id);
      const auto size = tasks_[slot].size;
      auto& best = to.front();
      if (from.has < from.share + std::max(size, surplus_min)) continue;
      if (best.has + size > best.share + size / 2 || !tasks_.only_holder(slot)) continue;
      if (!moves_
               .try_emplace(id, move{workers_[from.worker].id, workers_[best.worker].id,
                                     now + move_looks_max * patience_})
               .second)
        continue;
      all[best.worker].results.push_back({id, size, {workers_[from.worker].id}});
      from.has -= size;
      std::pop_heap(to.begin(), to.end(), more_room);
      to.back().has += size;
      std::push_heap(to.begin(), to.end(), more_room);
    }
  }
  send(all);
}

}  // namespace troupe::core
