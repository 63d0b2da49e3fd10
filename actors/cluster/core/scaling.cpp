#include "actors/cluster/core/scaling.hpp"

#include <algorithm>
#include <utility>

#include "serialization/check.hpp"

namespace troupe::core {

using namespace scaling;

scaler::scaler(const cluster_options& options)
    : survey_interval_(options.survey_interval), start_timeout_(options.start_timeout) {}

void scaler::handle(const event& what, time_point now, effects& out) {
  std::visit([&](const auto& e) { on(e, now, out); }, what);
  retire_late_ones(now, out);
  retire_surplus(out);
  launch_missing(now, out);
  look(now, out);
}

void scaler::on(const workers_wanted& e, time_point now, effects&) {
  wanted_ = e.count;
  // Somebody may have mended what was wrong.
  gave_up_ = false;
  fruitless_ = 0;
  young_deaths_ = 0;
  not_before_ = now;
}

void scaler::on(const launch_accepted& e, time_point now, effects&) {
  auto found = launches_.find(e.launch);
  if (found == launches_.end() || !std::holds_alternative<asked>(found->second.state)) return;
  found->second.state = starting{e.id, now + start_timeout_};
  next_survey_ = std::min(next_survey_, now + first_look);
}

void scaler::on(const launch_refused& e, time_point now, effects& out) {
  auto found = launches_.find(e.launch);
  if (found == launches_.end() || !std::holds_alternative<asked>(found->second.state)) return;
  end(e.launch, e.why.message, now, out);
}

void scaler::on(const surveyed& e, time_point now, effects& out) {
  std::map<std::string, const observation*> seen;
  for (const auto& one : e.all)
    seen[one.id] = &one;
  std::vector<std::pair<launch_number, observation>> gone;
  for (const auto& [number, one] : launches_) {
    const auto* id = id_of(one);
    if (!id) continue;
    auto found = seen.find(*id);
    if (found == seen.end())
      gone.push_back({number, {*id, true, "it is gone, and nothing is known of its end"}});
    else if (found->second->gone)
      gone.emplace_back(number, *found->second);
    else if (std::holds_alternative<retiring>(one.state))
      out.push_back(retire_launch{*id});
  }
  for (const auto& [number, seen_last] : gone)
    if (seen_last.in_order && launches_.at(number).has_joined)
      launches_.erase(number);  // It has done its work; another one takes its place.
    else
      end(number, seen_last.detail, now, out);
}

void scaler::on(const scaling::worker_joined& e, time_point, effects&) {
  auto found = launches_.find(e.launch);
  if (found == launches_.end()) return;  // It was given up, or is not one of ours.
  auto* state = std::get_if<starting>(&found->second.state);
  if (!state) return;
  found->second.state = joined{std::move(state->id)};
  found->second.has_joined = true;
  fruitless_ = 0;
}

void scaler::on(const scaling::worker_lost& e, time_point now, effects& out) {
  auto found = launches_.find(e.launch);
  if (found == launches_.end()) return;
  auto* state = std::get_if<joined>(&found->second.state);
  if (!state) return;
  // Its process may be dead, or only its connection: the place knows. It may also join again.
  found->second.state = starting{std::move(state->id), now + start_timeout_};
  out.push_back(take_survey{});
  next_survey_ = std::min(next_survey_, now + second_look);
}

void scaler::on(const clock_ticked&, time_point, effects&) {}

const std::string* scaler::id_of(const launch& one) {
  if (const auto* s = std::get_if<starting>(&one.state)) return &s->id;
  if (const auto* s = std::get_if<joined>(&one.state)) return &s->id;
  if (const auto* s = std::get_if<retiring>(&one.state)) return &s->id;
  return nullptr;
}

std::uint32_t scaler::live() const {
  return static_cast<std::uint32_t>(std::count_if(launches_.begin(), launches_.end(), [](auto& l) {
    return !std::holds_alternative<retiring>(l.second.state);
  }));
}

void scaler::end(launch_number number, const std::string& detail, time_point now, effects& out) {
  const auto ended = std::move(launches_.extract(number).mapped());
  if (std::holds_alternative<retiring>(ended.state)) return;
  out.push_back(report_death{number, detail});
  died(ended, detail, now, out);
}

void scaler::died(const launch& dead, const std::string& detail, time_point now, effects& out) {
  if (dead.has_joined && now - dead.since >= young_age) return;
  if (dead.round != round_) return;  // Of a round that has had its delay.
  ++round_;
  if (now - last_death_ > young_age + delay_max) young_deaths_ = 0;
  last_death_ = now;
  const auto doublings = std::min(young_deaths_++, 10U);
  not_before_ = now + std::min<std::chrono::nanoseconds>(first_delay * (1 << doublings), delay_max);
  if (++fruitless_ < attempts_max || gave_up_) return;
  gave_up_ = true;
  out.push_back(
      give_up{{errc::worker_lost,
               "workers do not start: " + std::to_string(attempts_max) +
                   " attempts in a row ended before a worker joined; the last one: " + detail}});
}

void scaler::retire_late_ones(time_point now, effects& out) {
  std::vector<launch> late;
  for (auto& [number, one] : launches_) {
    auto* state = std::get_if<starting>(&one.state);
    if (!state || now < state->join_by) continue;
    late.push_back(one);
    out.push_back(retire_launch{state->id});
    one.state = retiring{std::move(state->id)};
  }
  for (const auto& dead : late)
    died(dead, "it ran, but did not join within cluster.start_timeout", now, out);
}

void scaler::launch_missing(time_point now, effects& out) {
  if (gave_up_ || now < not_before_) return;
  for (auto have = live(); have < wanted_; ++have) {
    launches_[next_] = {now, round_, false, asked{}};
    out.push_back(launch_worker{next_++});
  }
}

void scaler::retire_surplus(effects& out) {
  // Rather those that have no results yet, and rather the newest. One that is only asked for has
  // no id to retire it by; its answer comes back here.
  for (auto have = live(); have > wanted_; --have)
    if (!retire_newest(false, out) && !retire_newest(true, out)) return;
}

bool scaler::retire_newest(bool joined_too, effects& out) {
  for (auto at = launches_.rbegin(); at != launches_.rend(); ++at) {
    auto& state = at->second.state;
    const bool candidate = std::holds_alternative<starting>(state) ||
                           (joined_too && std::holds_alternative<joined>(state));
    if (!candidate) continue;
    auto id = *id_of(at->second);
    out.push_back(retire_launch{id});
    state = retiring{std::move(id)};
    return true;
  }
  return false;
}

void scaler::look(time_point now, effects& out) {
  const bool any = std::any_of(launches_.begin(), launches_.end(),
                               [](const auto& l) { return id_of(l.second) != nullptr; });
  if (!any) next_survey_ = time_point::max();
  if (now < next_survey_) return;
  next_survey_ = now + survey_interval_;
  out.push_back(take_survey{});
}

std::optional<time_point> scaler::deadline() const {
  std::optional<time_point> first;
  const auto at = [&first](time_point t) { first = first ? std::min(*first, t) : t; };
  bool any = false;
  for (const auto& [number, one] : launches_) {
    any = any || id_of(one);
    if (const auto* state = std::get_if<starting>(&one.state)) at(state->join_by);
  }
  if (any) at(next_survey_);
  if (!gave_up_ && live() < wanted_) at(not_before_);
  return first;
}

scaler::snapshot scaler::inspect() const {
  snapshot s{wanted_, 0, 0, 0, gave_up_};
  for (const auto& [number, one] : launches_) {
    if (std::holds_alternative<joined>(one.state))
      ++s.joined;
    else if (std::holds_alternative<retiring>(one.state))
      ++s.retiring;
    else
      ++s.starting;
  }
  return s;
}

void scaler::check_invariants() const {
  std::map<std::string, launch_number> ids;
  for (const auto& [number, one] : launches_) {
    check(number < next_, "launch numbers are handed out in order");
    check(one.round <= round_, "no launch is of a later round");
    if (const auto* id = id_of(one))
      check(ids.emplace(*id, number).second, "no two launches have one id");
  }
  check(!gave_up_ || fruitless_ >= attempts_max, "it gives up only after so many attempts");
}

}  // namespace troupe::core
