#include "actors/scheduler/core/explainer.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace troupe::core {

namespace {

std::string to_text(std::int64_t millionths) {
  auto text = std::to_string(millionths / 1'000'000);
  if (const auto rest = millionths % 1'000'000; rest != 0) {
    auto digits = std::to_string(1'000'000 + rest).substr(1);
    text += "." + digits.substr(0, digits.find_last_not_of('0') + 1);
  }
  return text;
}

/// Of many that are stuck so many are named.
constexpr std::size_t unfinished_named_max = 20;

}  // namespace

const std::string& explainer::name_of(std::uint32_t slot) const {
  const auto& t = tasks_[slot];
  return t.scattered() ? data_name_ : catalog_.spec_at(t.spec).what->function;
}

task_story explainer::tell(task_id id, const story_book& story, time_point now) const {
  task_story all;
  all.task = id;
  for (const auto& s : story.of(id)) {
    auto what = std::string(to_string(s.from)) + " -> " + std::string(to_string(s.to));
    if (s.on) what += " on " + worker_name(s.on);
    what += ": " + std::string(s.cause);
    if (s.said_by == story_book::speaker::worker)
      what += " (" + worker_name(worker_id{s.who}) + ")";
    else if (s.said_by == story_book::speaker::client)
      what += " (client " + std::to_string(s.who) + ")";
    all.steps.push_back({static_cast<std::uint64_t>((now - s.at).count()), std::move(what)});
  }
  const auto slot = tasks_.find(id);
  if (slot == none) {
    all.state = all.steps.empty() ? "unknown" : "forgotten";
    all.reason = all.steps.empty() ? "no such task, or it was forgotten long ago"
                                   : "nobody needs it any more";
    return all;
  }
  all.name = name_of(slot);
  all.state = to_string(tasks_[slot].state);
  all.reason = why(slot);
  return all;
}

std::string explainer::worker_name(worker_id id) const {
  const auto slot = workers_.find(id);
  return slot == none ? "a worker that is gone" : "'" + workers_[slot].who->name + "'";
}

std::string explainer::task_text(std::uint32_t slot) const {
  const auto id = tasks_[slot].id;
  return "'" + name_of(slot) + "' (task " + std::to_string(client_of(id).value) + ":" +
         std::to_string(number_of(id)) + ")";
}

std::string explainer::why(std::uint32_t slot) const {
  const auto& t = tasks_[slot];
  switch (t.state) {
    case task_state::queued:
      return why_queued(t.lane);
    case task_state::processing:
      return "on " + worker_name(workers_[t.worker].id);
    case task_state::arriving:
      return t.worker == none ? "no worker is connected"
                              : "sent to " + worker_name(workers_[t.worker].id);
    case task_state::failed:
      return describe(*errors_.at(slot));
    case task_state::in_memory:
    case task_state::released:
      return {};
    case task_state::waiting:
      break;
  }
  if (t.doomed) return "waits to hear how its last worker ended";
  if (t.delayed) return "waits for its next try";
  std::string first;
  tasks_.for_each_input(slot, [&](std::uint32_t in) {
    if (first.empty() && tasks_[in].state != task_state::in_memory)
      first = task_text(in) + ", which is " + std::string(to_string(tasks_[in].state));
  });
  return "waits for " + std::to_string(t.missing) +
         (t.missing == 1 ? " input: " : " inputs, first ") + first;
}

std::string explainer::why_queued(std::uint32_t lane) const {
  if (workers_.size() == 0) return "no worker is connected";
  if (catalog_.function_of(lane).workers == 0) return catalog_.unknown_message(lane);
  const auto& needs = catalog_.lane_at(lane).needs;
  const auto groups = catalog_.groups_for(lane);
  std::uint32_t known_by = 0;
  for (const auto g : groups)
    known_by += catalog_.group_at(g).workers;
  if (known_by == 0) {
    std::string places;
    for (const auto& place : catalog_.lane_at(lane).where.places)
      places += (places.empty() ? "'" : ", '") + place + "'";
    return "may run only on " + places +
           ": no worker that is here has such a name or host, and "
           "knows '" +
           catalog_.function_of(lane).name + "'";
  }
  bool possible = false;
  std::uint32_t running = 0;
  for (std::uint32_t slot = 0; slot < workers_.end(); ++slot) {
    const auto& w = workers_[slot];
    if (!w.id || !std::binary_search(groups.begin(), groups.end(), w.group)) continue;
    possible = possible || workers_.could_have(slot, needs);
    running += w.state == worker_state::running;
  }
  const auto count =
      known_by == 1 ? "the one worker" : "all " + std::to_string(known_by) + " workers";
  if (running == 0)
    return count + (known_by == 1 ? " takes" : " take") + " no new work: paused or leaving";
  if (possible && needs.empty()) return count + (known_by == 1 ? " is busy" : " are busy");
  std::string wanted;
  for (const auto& [name, amount] : needs)
    wanted += (wanted.empty() ? "" : ", ") + name + "=" + to_text(amount);
  return "needs " + wanted + (possible ? ", all of it is in use" : ", no worker has it");
}

std::vector<std::string> explainer::unfinished() const {
  std::vector<std::string> all;
  for (std::uint32_t slot = 0; slot < tasks_.end() && all.size() < unfinished_named_max; ++slot) {
    const auto& t = tasks_[slot];
    if (!t.id || !(troupe::core::unfinished(t.state) || t.state == task_state::arriving)) continue;
    // What waits for others is not what is wrong.
    if (t.state == task_state::waiting && !t.doomed && !t.delayed) continue;
    all.push_back(task_text(slot) + " is " + std::string(to_string(t.state)) + ": " + why(slot));
  }
  return all;
}

}  // namespace troupe::core
