#include "actors/cluster/core/scaling.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace troupe::core {

using namespace scaling;

scaler::scaler(const config& options, adapter::shape shape)
    : survey_interval_(options.cluster.survey_interval),
      start_timeout_(options.cluster.start_timeout),
      leave_timeout_(options.worker.leave_timeout),
      shape_(shape) {}

void scaler::handle(const event& what, time_point now, std::vector<effect>& out) {
  now_ = now;
  std::visit([&](const auto& e) { on(e, now, out); }, what);
  retire_late_ones(now, out);
  drain_expiring(now, out);
  drop_surplus(now, out);
  retire_drained(now, out);
  launch_missing(now, out);
  look(now, out);
}

void scaler::on(const launches_wanted& e, time_point now, effects&) {
  wanted_ = e.count;
  adapter_.reset();
  begin_again(now);
}

void scaler::on(const adapt_wanted& e, time_point now, effects&) {
  adapter_.emplace(e, shape_);
  wanted_ = std::clamp(wanted_, e.minimum, std::max(e.minimum, e.maximum));
  next_survey_ = now;
  begin_again(now);
}

/// Somebody may have mended what was wrong.
void scaler::begin_again(time_point now) {
  gave_up_.reset();
  fruitless_ = 0;
  young_deaths_ = 0;
  not_before_ = now;
}

void scaler::on(const load_seen& e, time_point now, effects&) {
  std::uint32_t running = 0;
  for (auto& [number, one] : launches_) {
    const auto found = e.costs.find(number);
    one.cost = found == e.costs.end() ? 0 : found->second;
    if (one.joined > 0 && !one.leaving) ++running;
  }
  if (adapter_) wanted_ = adapter_->needed(e, running, usual_wait_, now);
}

void scaler::on(const launch_accepted& e, time_point now, effects&) {
  auto found = launches_.find(e.launch);
  if (found == launches_.end() || !found->second.id.empty()) return;
  found->second.id = e.id;
  next_survey_ = std::min(next_survey_, now + first_look);
}

void scaler::on(const launch_refused& e, time_point now, effects& out) {
  auto found = launches_.find(e.launch);
  if (found == launches_.end() || !found->second.id.empty()) return;
  const observation last{{}, observation::phase::gone, e.why.message};
  end(e.launch, &last, now, out);
}

void scaler::on(const surveyed& e, time_point now, effects& out) {
  std::map<std::string, const observation*> seen;
  for (const auto& one : e.all)
    seen[one.id] = &one;
  std::vector<std::pair<launch_number, const observation*>> gone;
  for (auto& [number, one] : launches_) {
    if (one.id.empty()) continue;
    const auto found = seen.find(one.id);
    if (found == seen.end()) {
      // While its workers are here it exists, whatever the place says; but not for long.
      if (one.joined == 0 || one.unlisted) gone.emplace_back(number, nullptr);
      one.unlisted = true;
    } else if (found->second->at == observation::phase::gone) {
      gone.emplace_back(number, found->second);
    } else {
      see(one, *found->second, now);
    }
  }
  for (const auto& [number, last] : gone)
    end(number, last, now, out);
  for (const auto& one : e.all)
    adopt(one, now);
  check_possible(out);
}

void scaler::see(launch& one, const observation& what, time_point now) {
  one.seen = what;
  one.unlisted = false;
  if (what.at == observation::phase::running && one.joined == 0 && !one.leaving && !one.join_by)
    one.join_by = now + start_timeout_;
}

/// One that a process before us has ordered, or whose order was thought to have failed.
void scaler::adopt(const observation& what, time_point now) {
  if (what.launch == 0 || what.at == observation::phase::gone) return;
  auto [at, fresh] = launches_.try_emplace(what.launch);
  if (!fresh) return;
  at->second.since = now;
  at->second.round = round_;
  at->second.id = what.id;
  next_ = std::max(next_, what.launch + 1);
  see(at->second, what, now);
}

/// What can never start is no capacity, and more of it would be none either.
void scaler::check_possible(effects& out) {
  for (auto& [number, one] : launches_) {
    if (one.leaving || !one.seen || !one.seen->impossible || one.joined > 0) continue;
    const auto& reason = one.seen->reason;
    one.leaving = farewell_plan{"it can never start: " + reason, now_, now_, true};
    if (gave_up_) continue;
    gave_up_ =
        error{errc::bad_config, "launch " + std::to_string(number) + " (" + one.id +
                                    ") waits, but can never start as it was asked for: " + reason +
                                    "; change what is asked of the place, and scale again"};
    out.push_back(give_up{*gave_up_});
  }
}

void scaler::on(const scaling::worker_joined& e, time_point now, effects&) {
  auto found = launches_.find(e.launch);
  if (found == launches_.end()) return;  // It was given up, or is not one of ours.
  auto& one = found->second;
  ++one.joined;
  one.join_by.reset();
  fruitless_ = 0;
  if (std::exchange(one.has_joined, true)) return;
  const auto waited = now - one.since;
  usual_wait_ = usual_wait_.count() == 0 ? waited : (usual_wait_ * 3 + waited) / 4;
}

void scaler::on(const scaling::worker_lost& e, time_point now, effects& out) {
  auto found = launches_.find(e.launch);
  if (found == launches_.end() || found->second.joined == 0) return;
  auto& one = found->second;
  if (--one.joined == 0) {
    if (one.leaving)
      one.leaving->alone = now;
    else
      one.join_by = now + start_timeout_;
  }
  // Its process may be dead, or only its connection: the place knows. It may also join again.
  if (!one.id.empty()) out.push_back(take_survey{true});
  next_survey_ = std::min(next_survey_, now + second_look);
}

void scaler::on(const clock_ticked&, time_point, effects&) {}

void scaler::end(launch_number number, const observation* last, time_point now, effects& out) {
  const auto ended = std::move(launches_.extract(number).mapped());
  const std::string unknown = "it is gone, and nothing is known of its end";
  auto detail = last ? last->detail : unknown;
  if (last && !last->failure.empty() && detail.find(last->failure) == std::string::npos)
    detail = last->failure + (detail.empty() ? "" : ": " + detail);
  const bool wished = ended.leaving || (last && last->in_order && ended.has_joined);
  if (ended.leaving && ended.leaving->failed)
    remember(number, ended, launch_state::failed, ended.leaving->why);
  else if (wished)
    remember(number, ended, launch_state::stopped, ended.leaving ? ended.leaving->why : detail);
  else
    remember(number, ended, last ? launch_state::failed : launch_state::lost, detail);
  if (wished) return;  // Another one takes its place if it is needed.
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
  gave_up_ = error{errc::worker_lost,
                   "workers do not start: " + std::to_string(attempts_max) +
                       " attempts in a row ended before a worker joined; the last one: " + detail};
  out.push_back(give_up{*gave_up_});
}

void scaler::retire_late_ones(time_point now, effects& out) {
  std::vector<launch> late;
  const std::string why = "it ran, but did not join within cluster.start_timeout";
  for (auto& [number, one] : launches_) {
    if (!one.join_by || now < *one.join_by || one.leaving) continue;
    late.push_back(one);
    one.leaving = farewell_plan{why, now, now, true};
  }
  for (const auto& dead : late)
    died(dead, why, now, out);
}

/// Before the place ends it: its workers need time to leave. Known once it runs.
std::optional<time_point> scaler::leave_at(const launch& one) const {
  if (!one.seen || !one.seen->deadline || one.seen->at != observation::phase::running)
    return std::nullopt;
  const auto until = *one.seen->deadline;
  const auto rest = std::max<std::chrono::nanoseconds>(until - one.since, {});
  return until - std::min<std::chrono::nanoseconds>(leave_timeout_ + farewell, rest / 4);
}

/// Before that: the next one has to wait in the queue.
std::optional<time_point> scaler::replace_at(const launch& one) const {
  const auto leave = leave_at(one);
  if (!leave) return leave;
  const auto rest = std::max<std::chrono::nanoseconds>(*leave - one.since, {});
  return *leave - std::min<std::chrono::nanoseconds>(usual_wait_, rest / 2);
}

bool scaler::expiring(const launch& one, time_point now) const {
  const auto at = replace_at(one);
  return at && now >= *at;
}

std::uint32_t scaler::live(time_point now) const {
  return static_cast<std::uint32_t>(
      std::count_if(launches_.begin(), launches_.end(),
                    [&](const auto& l) { return !l.second.leaving && !expiring(l.second, now); }));
}

/// One whose time is nearly over goes when another one has taken its place, or when it must.
void scaler::drain_expiring(time_point now, effects& out) {
  std::uint32_t running = 0;
  for (const auto& [number, one] : launches_)
    if (!one.leaving && one.joined > 0 && !expiring(one, now)) ++running;
  for (auto& [number, one] : launches_)
    if (!one.leaving && expiring(one, now) && (running >= wanted_ || now >= *leave_at(one)))
      drain(number, one, "its time is nearly over", now, out);
}

void scaler::drain(launch_number number, launch& one, std::string why, time_point now,
                   effects& out) {
  if (one.joined == 0) {
    one.leaving = farewell_plan{std::move(why), now, now};
    return;
  }
  auto until = now + leave_timeout_ + farewell;
  if (one.seen && one.seen->deadline) until = std::min(until, *one.seen->deadline);
  one.leaving = farewell_plan{std::move(why), until, std::nullopt};
  out.push_back(drain_launch{number});
}

/// Those that cost nothing first: that wait, that start; then by what only they have, and the
/// newest. One that is not accepted yet has no id to retire it by; its answer comes back here.
scaler::numbered::iterator scaler::cheapest(time_point now) {
  auto best = launches_.end();
  const auto price = [](const auto& at) {
    const auto& one = at->second;
    return std::tuple(one.joined > 0 || one.has_joined, one.cost,
                      one.seen && one.seen->at != observation::phase::pending);
  };
  for (auto at = launches_.begin(); at != launches_.end(); ++at) {
    if (at->second.leaving || at->second.id.empty() || expiring(at->second, now)) continue;
    if (best == launches_.end() || price(at) <= price(best)) best = at;
  }
  return best;
}

void scaler::drop_surplus(time_point now, effects& out) {
  for (auto have = live(now); have > wanted_; --have) {
    const auto victim = cheapest(now);
    if (victim == launches_.end()) return;
    drain(victim->first, victim->second, "it is not needed any more", now, out);
  }
}

/// Again and again, until surveys do not list them any more.
void scaler::retire_drained(time_point now, effects& out) {
  std::vector<std::string> ids;
  for (auto& [number, one] : launches_) {
    if (!one.leaving || one.id.empty() || now < one.leaving->due()) continue;
    if (one.leaving->retired && now - *one.leaving->retired < survey_interval_) continue;
    one.leaving->retired = now;
    ids.push_back(one.id);
  }
  if (!ids.empty()) out.push_back(retire_launches{std::move(ids)});
}

void scaler::launch_missing(time_point now, effects& out) {
  if (gave_up_ || now < not_before_) return;
  const auto have = live(now);
  if (have >= wanted_) return;
  const make_launches order{next_, wanted_ - have};
  for (; next_ < order.first + order.count; ++next_) {
    auto& made = launches_[next_];
    made.since = now;
    made.round = round_;
  }
  out.push_back(order);
}

void scaler::look(time_point now, effects& out) {
  const bool any = std::any_of(launches_.begin(), launches_.end(),
                               [](const auto& l) { return !l.second.id.empty(); });
  if (!any && !adapter_) next_survey_ = time_point::max();
  if (now < next_survey_) return;
  next_survey_ = now + survey_interval_;
  out.push_back(take_survey{});
}

}  // namespace troupe::core
