#include "actors/cluster/staff.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <troupe/backend.hpp>

#include "actors/runtime/host.hpp"

namespace troupe {

namespace {

std::string workers(std::uint32_t count) {
  return std::to_string(count) + (count == 1 ? " worker" : " workers");
}

}  // namespace

staff::staff(const std::vector<group_kind>& groups) {
  for (const auto& kind : groups)
    groups_.push_back({kind.name, kind.threads, {kind.resources}});
}

/// As launch_order::label() makes it. A worker that somebody started by hand has none, or one of
/// another cluster's making.
std::optional<staff::launch> staff::find(const std::string& label) const {
  for (group_index i = 0; i < groups_.size(); ++i) {
    const auto prefix = launch_prefix(groups_[i].name);
    if (!label.starts_with(prefix)) continue;
    core::scaling::launch_number number = 0;
    const auto* end = label.data() + label.size();
    const auto [at, failed] = std::from_chars(label.data() + prefix.size(), end, number);
    if (failed == std::errc() && at == end) return launch{i, number};
  }
  return std::nullopt;
}

void staff::changed(const worker_change& change) {
  const bool joined = change.what == worker_change::kind::joined;
  const std::lock_guard lock(mutex_);
  const auto launch = find(change.launch);
  const auto group = launch ? launch->group : 0;
  if (joined) {
    if (workers_.emplace(change.worker, group).second) ++groups_[group].joined;
  } else if (workers_.erase(change.worker) > 0) {
    --groups_[group].joined;
  }
  changed_.notify_all();
  if (!launch) return;
  if (joined)
    push(groups_[group], core::scaling::worker_joined{launch->number});
  else
    push(groups_[group], core::scaling::worker_lost{launch->number});
}

void staff::push(group& to, core::scaling::event what) {
  to.events.push_back(std::move(what));
  if (to.events.size() == 1 && to.actor) runtime::wake(to.actor);
}

void staff::opened(group_index which, result<void> how) {
  const std::lock_guard lock(mutex_);
  groups_[which].opened = std::move(how);
  changed_.notify_all();
}

void staff::gave_up(group_index which, const error& why) {
  const std::lock_guard lock(mutex_);
  auto& of = groups_[which];
  of.hopeless = why;
  if (!of.name.empty()) of.hopeless->message = "group " + of.name + ": " + why.message;
  changed_.notify_all();
}

void staff::ended(group_index which) {
  const std::lock_guard lock(mutex_);
  groups_[which].ended = true;
  // It may end before it has begun.
  if (!groups_[which].opened) groups_[which].opened = error{errc::system, "the cluster has ended"};
  changed_.notify_all();
}

std::vector<core::scaling::event> staff::take(group_index which) {
  const std::lock_guard lock(mutex_);
  return std::exchange(groups_[which].events, {});
}

void staff::wakes(group_index which, caf::actor who) {
  const std::lock_guard lock(mutex_);
  auto& of = groups_[which];
  of.actor = std::move(who);
  if (of.actor && !of.events.empty()) runtime::wake(of.actor);
}

void staff::load_seen(const core::scheduling::scheduler_load& seen) {
  const std::lock_guard lock(mutex_);
  std::vector<core::group_room> rooms;
  for (const auto& of : groups_)
    rooms.push_back(of.room);
  std::vector<core::scheduling::work_load> loads(groups_.size());
  std::vector<std::map<core::scaling::launch_number, std::uint64_t>> costs(groups_.size());
  bool any = !seen.queued.empty();
  for (const auto& [label, has] : seen.launches) {
    const auto launch = find(label);
    auto& load = loads[launch ? launch->group : 0];
    load.runs += has.runs;
    load.work_ns += has.work_ns;
    load.results_bytes += has.results_bytes;
    if (launch) costs[launch->group][launch->number] = has.cost();
    any = any || has.runs > 0;
  }
  share_queued(seen, rooms, loads);
  if (seen.clients > 0 || any)
    idle_since_.reset();
  else if (!idle_since_)
    idle_since_ = std::chrono::steady_clock::now();
  for (group_index i = 0; i < groups_.size(); ++i)
    push(groups_[i], core::scaling::load_seen{loads[i].runs, loads[i].work_ns,
                                              loads[i].results_bytes, std::move(costs[i])});
}

void staff::end_asked() {
  const std::lock_guard lock(mutex_);
  end_asked_ = true;
}

bool staff::end_was_asked() const {
  const std::lock_guard lock(mutex_);
  return end_asked_;
}

std::chrono::nanoseconds staff::idle() const {
  const std::lock_guard lock(mutex_);
  if (!idle_since_) return {};
  return std::chrono::steady_clock::now() - *idle_since_;
}

void staff::show(group_index which, owner_view now, std::uint32_t wanted) {
  const std::lock_guard lock(mutex_);
  auto& of = groups_[which];
  for (auto& one : now.launches)
    one.group = of.name;
  of.view = std::move(now);
  if (of.adapting) of.wanted = wanted;
}

void staff::adapt(group_index which, const core::scaling::adapt_wanted& how,
                  std::uint32_t workers) {
  const std::lock_guard lock(mutex_);
  auto& of = groups_[which];
  of.wanted = workers;
  of.adapting = true;
  of.room.threads = std::uint64_t{how.maximum} * of.threads;
  of.room.target = how.target;
  of.hopeless.reset();
  push(of, how);
}

void staff::want(group_index which, std::uint32_t workers, std::uint32_t launches) {
  const std::lock_guard lock(mutex_);
  auto& of = groups_[which];
  of.wanted = workers;
  of.adapting = false;
  of.room.threads = std::uint64_t{launches} * of.threads;
  of.hopeless.reset();
  push(of, core::scaling::launches_wanted{launches});
}

std::string staff::words() const {
  std::string all;
  for (const auto& of : groups_)
    all += (all.empty() ? "" : "; ") + (of.name.empty() ? "" : of.name + ": ") + of.view.words;
  return all;
}

owner_view staff::view() const {
  const std::lock_guard lock(mutex_);
  owner_view all;
  all.words = words();
  all.wanted = all_wanted();
  for (const auto& of : groups_) {
    if (!of.name.empty()) all.groups.push_back(of.name);
    all.launches.insert(all.launches.end(), of.view.launches.begin(), of.view.launches.end());
    if (all.hopeless.empty() && of.hopeless) all.hopeless = of.hopeless->message;
  }
  return all;
}

result<void> staff::wait_opened() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    return std::all_of(groups_.begin(), groups_.end(),
                       [](const auto& of) { return of.opened.has_value(); });
  });
  for (const auto& of : groups_)
    if (!*of.opened) return of.opened->error();
  return {};
}

/// The groups that have not given up may have enough without it.
const error* staff::hopeless(std::uint32_t count) const {
  const error* why = nullptr;
  std::uint64_t possible = 0;
  for (const auto& of : groups_) {
    if (of.hopeless) why = &*of.hopeless;
    possible += of.hopeless ? of.joined : std::max(of.wanted, of.joined);
  }
  return possible < count ? why : nullptr;
}

result<void> staff::wait_for(std::uint32_t count, std::chrono::nanoseconds limit) {
  std::unique_lock lock(mutex_);
  const auto enough = [this, count] { return workers_.size() >= count; };
  const auto over = [this] {
    return std::all_of(groups_.begin(), groups_.end(), [](const auto& of) { return of.ended; });
  };
  const bool answered =
      changed_.wait_for(lock, limit, [&] { return enough() || hopeless(count) || over(); });
  if (enough()) return {};
  if (const auto* why = hopeless(count)) return *why;
  if (over()) return error{errc::worker_lost, "the cluster has ended"};
  const auto have = static_cast<std::uint32_t>(workers_.size());
  const auto seen = words();
  if (!answered)
    return error{
        errc::timeout,
        "wanted " + workers(count) + ", and " +
            (have == 0 ? std::string("none has")
                       : "only " + std::to_string(have) + (have == 1 ? " has" : " have")) +
            " joined within " +
            std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limit).count()) +
            " ms; see what the workers print, or raise cluster.start_timeout" +
            (seen.empty() ? "" : " (" + seen + ")")};
  return {};
}

bool staff::wait_ended(std::chrono::nanoseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] {
    return std::all_of(groups_.begin(), groups_.end(),
                       [](const auto& of) { return of.ended || !of.actor; });
  });
}

std::uint32_t staff::joined(group_index which) const {
  const std::lock_guard lock(mutex_);
  return groups_[which].joined;
}

std::uint32_t staff::all_wanted() const {
  std::uint32_t all = 0;
  for (const auto& of : groups_)
    all += of.wanted;
  return all;
}

std::uint32_t staff::wanted() const {
  const std::lock_guard lock(mutex_);
  return all_wanted();
}

}  // namespace troupe
