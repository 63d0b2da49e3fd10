#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "actors/cluster/core/scaling.hpp"
#include "serialization/check.hpp"

// What others see of the scaler, and when it wants to be called.

namespace troupe::core {

using namespace scaling;

namespace {

std::uint64_t seconds(std::chrono::nanoseconds span) {
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(span).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(whole, 0));
}

std::string counted(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " launch" : " launches");
}

}  // namespace

launch_state scaler::state_of(const launch& one) {
  if (one.leaving) return launch_state::draining;
  if (one.joined > 0) return launch_state::running;
  if (one.id.empty() || !one.seen) return launch_state::submitted;
  return one.seen->at == observation::phase::pending ? launch_state::pending
                                                     : launch_state::starting;
}

void scaler::remember(launch_number number, const launch& one, launch_state how,
                      std::string words) {
  launch_snapshot last;
  last.number = number;
  last.id = one.id;
  last.state = how;
  last.workers = shape_.workers;
  last.words = std::move(words);
  last.since_seconds = seconds(one.since.time_since_epoch());
  ended_.push_back(std::move(last));
  if (ended_.size() > remembered_max) ended_.pop_front();
}

std::vector<launch_snapshot> scaler::launches(time_point now) const {
  std::vector<launch_snapshot> all;
  for (const auto& [number, one] : launches_) {
    launch_snapshot seen;
    seen.number = number;
    seen.id = one.id;
    seen.state = state_of(one);
    seen.workers = shape_.workers;
    seen.joined = one.joined;
    seen.since_seconds = seconds(now - one.since);
    std::optional<time_point> next;
    if (one.leaving) {
      seen.words = one.leaving->why;
      next = one.leaving->until;
    } else if (one.seen && seen.state == launch_state::pending) {
      seen.words = one.seen->reason;
      next = one.seen->estimate;
    } else if (one.seen) {
      next = one.seen->deadline;
    }
    if (next) seen.in_seconds = seconds(*next - now);
    all.push_back(std::move(seen));
  }
  for (auto one : ended_) {
    one.since_seconds = seconds(now.time_since_epoch()) - one.since_seconds;
    all.push_back(std::move(one));
  }
  return all;
}

std::string scaler::words(time_point now) const {
  std::map<launch_state, std::uint32_t> states;
  for (const auto& [number, one] : launches_)
    ++states[state_of(one)];
  auto line = counted(wanted_) + " wanted";
  if (shape_.workers > 1) line += " of " + std::to_string(shape_.workers) + " workers each";
  constexpr std::array names{"submitted", "pending", "starting", "running", "draining"};
  std::string parts;
  for (const auto& [state, count] : states)
    parts += (parts.empty() ? ": " : ", ") + std::to_string(count) + " " +
             names.at(static_cast<std::size_t>(state));
  line += parts;
  if (adapter_) line += ", " + adapter_->words();
  const auto have = live(now);
  if (have < wanted_) line += ", " + std::to_string(wanted_ - have) + " planned";
  if (gave_up_) return line + "; no more are launched: " + gave_up_->message;
  if (have < wanted_ && now < not_before_)
    line += "; the next one after a pause, because the last one ended early";
  return line;
}

std::optional<time_point> scaler::deadline() const {
  std::optional<time_point> first;
  const auto at = [&](time_point t) { first = first ? std::min(*first, t) : t; };
  bool any = false;
  for (const auto& [number, one] : launches_) {
    any = any || !one.id.empty();
    if (one.leaving) {
      if (!one.id.empty())
        at(one.leaving->retired ? *one.leaving->retired + survey_interval_ : one.leaving->due());
      continue;
    }
    if (one.join_by) at(*one.join_by);
    if (const auto replace = replace_at(one)) at(*replace > now_ ? *replace : *leave_at(one));
  }
  if (any || adapter_) at(next_survey_);
  if (!gave_up_ && live(now_) < wanted_) at(not_before_);
  return first;
}

scaler::counts scaler::inspect() const {
  counts all{wanted_, 0, 0, 0, gave_up_.has_value()};
  for (const auto& [number, one] : launches_)
    ++(one.leaving ? all.draining : one.joined > 0 ? all.running : all.starting);
  return all;
}

void scaler::check_invariants() const {
  std::map<std::string, launch_number> ids;
  for (const auto& [number, one] : launches_) {
    check(number < next_, "launch numbers are handed out in order");
    check(one.round <= round_, "no launch is of a later round");
    check(one.joined == 0 || one.has_joined, "whose workers are here has joined");
    if (!one.id.empty()) check(ids.emplace(one.id, number).second, "no two launches have one id");
  }
}

}  // namespace troupe::core
