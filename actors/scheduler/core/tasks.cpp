#include "actors/scheduler/core/tasks.hpp"

#include "serialization/check.hpp"

namespace troupe::core {

std::uint32_t task_table::create(task_id id) {
  auto [at, added] = pages_.try_emplace(id.value >> page_bits);
  auto& p = at->second;
  if (added) p.slots.fill(none);
  auto& entry = p.slots[id.value % p.slots.size()];
  check(entry == none, "a task is created once");
  entry = tasks_.add();
  ++p.used;
  tasks_[entry].id = id;
  ++counts_[static_cast<std::size_t>(task_state::released)];
  return entry;
}

void task_table::erase(std::uint32_t slot) {
  auto& t = tasks_[slot];
  check(t.first_dependent == none && t.first_input == none, "no edge leads to what is erased");
  check(t.first_hold == none && t.worker == none, "no worker has what is erased");
  check(t.state == task_state::released || t.state == task_state::failed,
        "what is erased is at rest");
  --counts_[static_cast<std::size_t>(t.state)];
  const auto at = pages_.find(t.id.value >> page_bits);
  at->second.slots[t.id.value % at->second.slots.size()] = none;
  if (--at->second.used == 0) {
    pages_.erase(at);
    last_page_ = nullptr;
    last_page_number_ = ~std::uint64_t{0};
  }
  tasks_.remove(slot);
}

std::uint32_t task_table::find(task_id id) const {
  const auto number = id.value >> page_bits;
  if (number != last_page_number_) {
    const auto at = pages_.find(number);
    if (at == pages_.end()) return none;
    last_page_number_ = number;
    last_page_ = &at->second;
  }
  return last_page_->slots[id.value % last_page_->slots.size()];
}

std::vector<task_id> task_table::tasks_of(client_id client) const {
  std::vector<task_id> found;
  const auto end = pages_.lower_bound(make_task_id({client.value + 1}, 0).value >> page_bits);
  for (auto at = pages_.lower_bound(make_task_id(client, 0).value >> page_bits); at != end; ++at)
    for (const auto slot : at->second.slots)
      if (slot != none) found.push_back(tasks_[slot].id);
  return found;
}

void task_table::set_state(std::uint32_t slot, task_state next) {
  auto& t = tasks_[slot];
  const auto before = t.state;
  if (before == next) return;
  story_.note(t.id, before, next);
  --counts_[static_cast<std::size_t>(before)];
  ++counts_[static_cast<std::size_t>(next)];
  if (t.lane != none && (before == task_state::queued || next == task_state::queued)) {
    if (t.lane >= queued_in_.size()) queued_in_.resize(t.lane + 1);
    next == task_state::queued ? ++queued_in_[t.lane] : --queued_in_[t.lane];
  }
  t.state = next;
  if (next != task_state::waiting) t.doomed = t.delayed = false;
  if (unfinished(before) == unfinished(next)) return;
  for (auto e = t.first_input; e != none; e = edges_[e].next_input) {
    auto& users = tasks_[edges_[e].input].users;
    unfinished(next) ? ++users : --users;
  }
}

std::uint64_t task_table::queued_in(std::uint32_t lane) const {
  return lane < queued_in_.size() ? queued_in_[lane] : 0;
}

void task_table::set_inputs(std::uint32_t slot, std::span<const std::uint32_t> inputs) {
  check(tasks_[slot].first_input == none && !unfinished(tasks_[slot].state),
        "inputs are set once, before the task is on its way");
  auto* link = &tasks_[slot].first_input;
  for (const auto input : inputs) {
    const auto at = edges_.add();
    auto& e = edges_[at];
    auto& in = tasks_[input];
    e = {input, slot, none, none, in.last_dependent};
    if (in.last_dependent != none)
      edges_[in.last_dependent].next_dependent = at;
    else
      in.first_dependent = at;
    in.last_dependent = at;
    *link = at;
    link = &e.next_input;
  }
}

void task_table::cut_inputs(std::uint32_t slot) {
  check(!unfinished(tasks_[slot].state), "what is on its way keeps its inputs");
  for (auto at = std::exchange(tasks_[slot].first_input, none); at != none;) {
    const auto e = edges_[at];
    auto& in = tasks_[e.input];
    if (e.previous_dependent != none)
      edges_[e.previous_dependent].next_dependent = e.next_dependent;
    else
      in.first_dependent = e.next_dependent;
    if (e.next_dependent != none)
      edges_[e.next_dependent].previous_dependent = e.previous_dependent;
    else
      in.last_dependent = e.previous_dependent;
    edges_.remove(at);
    at = e.next_input;
  }
}

worker_load& task_table::load_of(std::uint32_t worker) {
  if (worker >= loads_.size()) loads_.resize(worker + 1);
  return loads_[worker];
}

void task_table::attach(std::uint32_t slot, std::uint32_t worker) {
  auto& t = tasks_[slot];
  check(t.worker == none, "a task is on one worker at a time");
  auto& l = load_of(worker);
  t.worker = worker;
  t.previous_run = l.last_run;
  t.next_run = none;
  if (l.last_run != none)
    tasks_[l.last_run].next_run = slot;
  else
    l.first_run = slot;
  l.last_run = slot;
}

void task_table::detach(std::uint32_t slot) {
  auto& t = tasks_[slot];
  auto& l = loads_[t.worker];
  (t.previous_run != none ? tasks_[t.previous_run].next_run : l.first_run) = t.next_run;
  (t.next_run != none ? tasks_[t.next_run].previous_run : l.last_run) = t.previous_run;
  t.worker = t.next_run = t.previous_run = none;
}

std::vector<task_id> task_table::runs_of(std::uint32_t worker) const {
  std::vector<task_id> found;
  if (worker >= loads_.size()) return found;
  for (auto s = loads_[worker].first_run; s != none; s = tasks_[s].next_run)
    found.push_back(tasks_[s].id);
  return found;
}

std::vector<task_id> task_table::held_by(std::uint32_t worker) const {
  std::vector<task_id> found;
  if (worker >= loads_.size()) return found;
  for (auto h = loads_[worker].first_hold; h != none; h = holds_[h].next_of_worker)
    found.push_back(tasks_[holds_[h].task].id);
  return found;
}

bool task_table::add_holder(std::uint32_t slot, std::uint32_t worker) {
  auto* link = &tasks_[slot].first_hold;
  for (; *link != none; link = &holds_[*link].next_of_task)
    if (holds_[*link].worker == worker) return false;
  auto& l = load_of(worker);
  const auto at = holds_.add();
  *link = at;
  holds_[at] = {slot, worker, none, l.first_hold, none};
  if (l.first_hold != none) holds_[l.first_hold].previous_of_worker = at;
  l.first_hold = at;
  ++l.results;
  l.results_bytes += tasks_[slot].size;
  return true;
}

bool task_table::remove_holder(std::uint32_t slot, std::uint32_t worker) {
  auto* link = &tasks_[slot].first_hold;
  while (*link != none && holds_[*link].worker != worker)
    link = &holds_[*link].next_of_task;
  if (*link == none) return false;
  const auto at = *link;
  *link = holds_[at].next_of_task;
  unlink_from_worker(at);
  holds_.remove(at);
  return true;
}

void task_table::unlink_from_worker(std::uint32_t at) {
  const auto& h = holds_[at];
  auto& l = loads_[h.worker];
  (h.previous_of_worker != none ? holds_[h.previous_of_worker].next_of_worker : l.first_hold) =
      h.next_of_worker;
  if (h.next_of_worker != none) holds_[h.next_of_worker].previous_of_worker = h.previous_of_worker;
  --l.results;
  l.results_bytes -= tasks_[h.task].size;
}

bool task_table::held_by(std::uint32_t slot, std::uint32_t worker) const {
  bool found = false;
  for_each_holder(slot, [&](std::uint32_t w) { return !(found = w == worker); });
  return found;
}

void task_table::check_lists(std::uint32_t slot) const {
  const auto& t = tasks_[slot];
  std::uint32_t users = 0;
  std::uint32_t last = none;
  for (auto e = t.first_dependent; e != none; e = edges_[e].next_dependent) {
    check(edges_[e].input == slot && edges_[e].previous_dependent == last, "dependents are linked");
    users += unfinished(tasks_[edges_[e].dependent].state);
    last = e;
  }
  check(t.last_dependent == last, "the last dependent is known");
  check(t.users == users, "users are the unfinished dependents");
  std::uint32_t missing = 0;
  for_each_input(slot, [&](std::uint32_t in) {
    check(static_cast<bool>(tasks_[in].id), "inputs of a task are kept");
    missing += tasks_[in].state != task_state::in_memory;
  });
  if (t.state == task_state::waiting)
    check(t.missing == missing + t.doomed + t.delayed && t.missing > 0,
          "waits for what is missing");
  if (t.state == task_state::queued) check(missing == 0, "queued with all inputs in memory");
  check((t.state == task_state::in_memory) == (t.first_hold != none), "in memory means held");
  if (t.state == task_state::processing) check(t.worker != none, "processing means on a worker");
  if (t.state != task_state::processing && t.state != task_state::arriving)
    check(t.worker == none, "only runs and arriving data are on a worker");
}

void task_table::check_invariants() const {
  std::array<std::uint64_t, task_states> counts{};
  std::size_t live = 0;
  std::size_t holds = 0;
  for (std::uint32_t slot = 0; slot < tasks_.end(); ++slot) {
    const auto& t = tasks_[slot];
    if (!t.id) continue;
    ++live;
    ++counts[static_cast<std::size_t>(t.state)];
    check(find(t.id) == slot, "a task is found by its id");
    check_lists(slot);
    for_each_holder(slot, [&](std::uint32_t) { return ++holds > 0; });
  }
  check(live == tasks_.size() && counts == counts_, "counts are right");
  std::size_t held = 0;
  for (std::uint32_t w = 0; w < loads_.size(); ++w) {
    std::uint64_t bytes = 0;
    std::uint64_t results = 0;
    for (auto h = loads_[w].first_hold; h != none; h = holds_[h].next_of_worker) {
      check(holds_[h].worker == w, "a hold is in its worker's list");
      bytes += tasks_[holds_[h].task].size;
      ++results;
    }
    check(results == loads_[w].results && bytes == loads_[w].results_bytes,
          "a worker's results are counted");
    held += results;
    for (auto s = loads_[w].first_run; s != none; s = tasks_[s].next_run)
      check(tasks_[s].worker == w, "a run is in its worker's list");
  }
  check(held == holds && holds == holds_.size(), "who holds a result is said to hold it");
}

}  // namespace troupe::core
