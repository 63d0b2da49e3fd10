#include <algorithm>
#include <utility>

#include "actors/scheduler/core/scheduler.hpp"

namespace troupe::core {

namespace {

/// Of an input with many holders only so many are looked at: any of them will do.
constexpr int holders_seen_max = 8;
/// And so many are named to who fetches it.
constexpr std::size_t holders_named_max = 4;

}  // namespace

void scheduler::make_ready(std::uint32_t slot) {
  tasks_.set_state(slot, task_state::queued);
  const auto& t = tasks_[slot];
  if (t.first_input != none) tasks_.stand_in_line(slot);
  ready_.push(slot, catalog_.spec_at(t.spec).what->priority);
  lane_watch_.note_queued(t.lane, now_);
}

void scheduler::place_ready() {
  const auto room = [&](const pool& p) {
    return !p.blocked && std::any_of(p.groups.begin(), p.groups.end(),
                                     [&](std::uint32_t g) { return workers_.group_has_room(g); });
  };
  while (auto* p = ready_.first_pool(room)) {
    const auto slot = ready_.first_of(*p);
    const auto worker = pick_worker(slot, *p);
    if (worker == none) {
      p->blocked = true;
      continue;
    }
    ready_.pop_first(*p);
    assign(slot, worker);
    // Before anything new is begun, so that results are used up soon after they are made.
    plan_ahead();
  }
}

std::uint32_t scheduler::pick_worker(std::uint32_t slot, pool& p) {
  const auto& needs = catalog_.lane_at(tasks_[slot].lane).needs;
  auto usual = none;
  if (p.needy == none) {
    usual = workers_.least_loaded(p.groups);
    if (p.last != usual && p.last < workers_.end() && workers_[p.last].id &&
        std::binary_search(p.groups.begin(), p.groups.end(), workers_[p.last].group)) {
      const auto lane = tasks_[slot].lane;
      const auto share = tasks_.queued_in(lane) * catalog_.expected_ns(lane) / workers_.size();
      if (workers_.nearly_as_free(p.last, usual, share)) usual = p.last;
    }
    p.last = usual;
  } else {
    const auto hint = std::exchange(p.hint, none);
    usual = hint != none && hint < workers_.end() && workers_[hint].id && workers_.has_room(hint) &&
                    workers_.has_free(hint, needs) &&
                    std::binary_search(p.groups.begin(), p.groups.end(), workers_[hint].group)
                ? hint
                : workers_.find_free(p.groups, needs);
    if (usual == none) return none;
  }
  if (tasks_[slot].first_input == none) return usual;

  // Holders of inputs, and the usual choice; first each with all of the bytes to move.
  candidates_.assign(1, candidate{usual, workers_.wait_ns(usual), 0, 0});
  std::uint64_t bytes = 0;
  std::uint32_t inputs = 0;
  tasks_.for_each_input(slot, [&](std::uint32_t input) {
    const auto size = tasks_[input].size;
    bytes += size;
    ++inputs;
    int seen = 0;
    tasks_.for_each_holder(input, [&](std::uint32_t holder) {
      auto at = std::find_if(candidates_.begin(), candidates_.end(),
                             [&](const candidate& c) { return c.worker == holder; });
      if (at == candidates_.end()) {
        if (!workers_.takes_runs(holder) || !workers_.has_free(holder, needs) ||
            !std::binary_search(p.groups.begin(), p.groups.end(), workers_[holder].group) ||
            candidates_.size() > holders_seen_max)
          return ++seen < holders_seen_max;
        candidates_.push_back(candidate{holder, workers_.wait_ns(holder), 0, 0});
        at = candidates_.end() - 1;
      }
      at->bytes_to_move += size;  // Held, so far.
      ++at->inputs_to_move;
      return ++seen < holders_seen_max;
    });
  });
  for (auto& c : candidates_) {
    c.bytes_to_move = bytes - c.bytes_to_move;
    c.inputs_to_move = inputs - c.inputs_to_move;
  }
  return choose(candidates_).worker;
}

void scheduler::assign(std::uint32_t slot, std::uint32_t worker) {
  auto& t = tasks_[slot];
  const auto& s = catalog_.spec_at(t.spec);
  t.run = run_id{++last_run_};
  t.called_back = false;
  t.expected_ns = catalog_.expected_ns(t.lane);
  workers_.begin_run(worker, t.expected_ns, catalog_.lane_at(t.lane).needs);
  tasks_.attach(slot, worker);
  tasks_.set_state(slot, task_state::processing);
  story_.note_worker(workers_[worker].id);
  std::vector<input_location> inputs;
  if (t.first_input != none) inputs = locate_inputs(slot, worker);
  tell(worker, run_task{t.id, t.run, s.what, t.arguments, std::move(inputs)});
  plan_dependents(slot);
}

std::vector<input_location> scheduler::locate_inputs(std::uint32_t slot, std::uint32_t worker) {
  std::vector<input_location> inputs;
  tasks_.for_each_input(slot, [&](std::uint32_t input) {
    input_location l{tasks_[input].id, tasks_[input].size, {}};
    tasks_.for_each_holder(input, [&](std::uint32_t holder) {
      if (holder == worker) {
        l.holders.clear();
        return false;
      }
      if (l.holders.size() < holders_named_max) l.holders.push_back(workers_[holder].id);
      return true;
    });
    for (const auto holder : l.holders)
      say_.introduce(worker, workers_.find(holder));
    inputs.push_back(std::move(l));
  });
  return inputs;
}

void scheduler::place_data_of(std::uint32_t slot) {
  const auto id = tasks_[slot].id;
  if (!clients_.here(client_of(id))) return;  // It says so again when it is back.
  const auto worker = workers_.next_in_turn();
  if (worker == none) {
    unplaced_.push_back(id);
    return;
  }
  tasks_.attach(slot, worker);
  say_.introduce(client_of(id), worker);
  tell(client_of(id), place_data{id, workers_[worker].id});
}

}  // namespace troupe::core
