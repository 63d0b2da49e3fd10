#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <vector>

#include "actors/scheduler/core/tasks.hpp"

// What follows from how tasks depend on each other.

namespace troupe::core {

namespace {

/// A task with more inputs gains little by going along with them, and looking at all of them each
/// time one comes would cost their number squared.
constexpr int planned_inputs_max = 8;

/// For the same reason, of inputs that are to come sooner. There is more to gain.
constexpr int hurried_inputs_max = 16;

/// A result with more users is not used up by one of them.
constexpr std::uint32_t few_users = 4;

constexpr auto nowhere = std::numeric_limits<std::uint64_t>::max();

}  // namespace

std::uint32_t task_table::maker_of_missing(std::uint32_t slot) const {
  auto maker = none;
  int seen = 0;
  for (auto e = tasks_[slot].first_input; e != none; e = edges_[e].next_input) {
    const auto& input = tasks_[edges_[e].input];
    if (++seen > planned_inputs_max) return none;
    if (input.state == task_state::in_memory) continue;
    if (input.state != task_state::processing || (maker != none && input.worker != maker))
      return none;
    maker = input.worker;
  }
  return maker;
}

void task_table::stand_in_line(std::uint32_t slot) {
  auto& t = tasks_[slot];
  if (t.ahead == 0) return;
  auto first = t.order;
  for (auto e = t.first_input; e != none; e = edges_[e].next_input) {
    const auto& input = tasks_[edges_[e].input];
    if (input.users <= few_users && input.place() >= t.place())
      first = std::min(first, input.place());
  }
  t.ahead = static_cast<std::uint32_t>(t.order - first);
}

std::vector<std::uint32_t> task_table::hurry_inputs(std::uint32_t slot) {
  const auto& t = tasks_[slot];
  if (t.ahead == 0) return {};
  auto first = nowhere;
  // It grows while it is walked: those that wait are sooner when their inputs are, and so on.
  std::array<std::uint32_t, hurried_inputs_max> late;
  std::size_t count = 0;
  int seen = 0;
  for (auto e = t.first_input; e != none; e = edges_[e].next_input) {
    const auto& input = tasks_[edges_[e].input];
    if (++seen > hurried_inputs_max) return {};
    if (input.state == task_state::queued || input.state == task_state::waiting)
      late[count++] = edges_[e].input;
    else if (input.users <= few_users && input.place() >= t.place())
      first = std::min(first, input.place());
  }
  if (first == nowhere) return {};
  std::vector<std::uint32_t> hurried;
  for (std::size_t i = 0; i < count; ++i) {
    auto& input = tasks_[late[i]];
    if (input.place() <= first && input.state == task_state::queued) continue;
    if (input.state == task_state::queued) {
      input.ahead = static_cast<std::uint32_t>(input.order - first);
      hurried.push_back(late[i]);
      continue;
    }
    for_each_input(late[i], [&](std::uint32_t in) {
      const auto state = tasks_[in].state;
      if (count < late.size() && (state == task_state::queued || state == task_state::waiting))
        late[count++] = in;
    });
  }
  return hurried;
}

bool task_table::can_be_computed(std::uint32_t first) const {
  std::vector<std::uint32_t> work{first};
  std::set<std::uint32_t> seen;
  while (!work.empty()) {
    const auto slot = work.back();
    work.pop_back();
    if (tasks_[slot].scattered()) return false;
    for_each_input(slot, [&](std::uint32_t input) {
      const auto state = tasks_[input].state;
      if (state == task_state::released && seen.insert(input).second) work.push_back(input);
    });
  }
  return true;
}

}  // namespace troupe::core
