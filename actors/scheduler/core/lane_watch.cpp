#include "actors/scheduler/core/lane_watch.hpp"

#include <algorithm>

namespace troupe::core {

bool lane_watch::could_run(std::uint32_t lane) const {
  const auto groups = catalog_.groups_for(lane);
  const auto& needs = catalog_.lane_at(lane).needs;
  if (needs.empty()) return catalog_.served(lane);
  for (std::uint32_t w = 0; w < workers_.end(); ++w)
    if (workers_[w].id && std::binary_search(groups.begin(), groups.end(), workers_[w].group) &&
        workers_.could_have(w, needs))
      return true;
  return false;
}

lane_watch::trouble lane_watch::trouble_of(std::uint32_t lane) const {
  // With no worker at all the cluster is starting or restarting: that is not the task's fault.
  if (workers_.size() > 0 && catalog_.function_of(lane).workers == 0) return trouble::unknown;
  if (options_.no_worker_timeout.count() > 0 && !could_run(lane)) return trouble::unserved;
  return trouble::served;
}

void lane_watch::begin(std::uint32_t lane, time_point now) {
  // Of a queue that was empty nobody has waited.
  if (tasks_.queued_in(lane) <= 1)
    since_[lane] = now;
  else
    since_.try_emplace(lane, now);
}

void lane_watch::look(time_point now) {
  troubles_.resize(catalog_.lanes(), trouble::served);
  for (std::uint32_t lane = 0; lane < catalog_.lanes(); ++lane) {
    const auto before = std::exchange(troubles_[lane], trouble_of(lane));
    if (troubles_[lane] == trouble::served || tasks_.queued_in(lane) == 0)
      since_.erase(lane);
    else if (before != troubles_[lane])
      since_[lane] = now;
    else
      since_.try_emplace(lane, now);
  }
}

void lane_watch::begin_anew(time_point now) {
  look(now);
  for (auto& [lane, since] : since_)
    since = now;
}

std::chrono::nanoseconds lane_watch::patience(trouble t) const {
  return t == trouble::unknown ? options_.unknown_task_timeout : options_.no_worker_timeout;
}

std::optional<time_point> lane_watch::deadline() const {
  std::optional<time_point> first;
  for (const auto& [lane, since] : since_)
    if (const auto at = since + patience(troubles_[lane]); !first || at < *first) first = at;
  return first;
}

std::vector<std::pair<std::uint32_t, lane_watch::trouble>> lane_watch::take_due(time_point now) {
  std::vector<std::pair<std::uint32_t, trouble>> due;
  for (const auto& [lane, since] : since_)
    if (since + patience(troubles_[lane]) <= now) due.emplace_back(lane, troubles_[lane]);
  for (const auto& [lane, what] : due)
    since_.erase(lane);
  return due;
}

}  // namespace troupe::core
