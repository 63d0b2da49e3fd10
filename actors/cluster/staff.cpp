#include "actors/cluster/staff.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "actors/runtime/host.hpp"

namespace troupe {

namespace {

/// A worker that somebody started by hand has no number, or one of another cluster's making.
std::optional<core::scaling::launch_number> number_of(const std::string& launch) {
  core::scaling::launch_number number = 0;
  const auto* end = launch.data() + launch.size();
  const auto [at, failed] = std::from_chars(launch.data(), end, number);
  if (failed != std::errc() || at != end) return std::nullopt;
  return number;
}

std::string workers(std::uint32_t count) {
  return std::to_string(count) + (count == 1 ? " worker" : " workers");
}

}  // namespace

void staff::changed(const worker_change& change) {
  const bool joined = change.what == worker_change::kind::joined;
  std::unique_lock lock(mutex_);
  if (joined)
    workers_[change.worker] = change.name;
  else
    workers_.erase(change.worker);
  changed_.notify_all();
  const auto launch = number_of(change.launch);
  if (!launch) return;
  if (joined)
    push(core::scaling::worker_joined{*launch}, std::move(lock));
  else
    push(core::scaling::worker_lost{*launch}, std::move(lock));
}

void staff::push(core::scaling::event what, std::unique_lock<std::mutex> lock) {
  events_.push_back(std::move(what));
  const auto actor = events_.size() == 1 ? actor_ : caf::actor();
  lock.unlock();
  if (actor) runtime::wake(actor);
}

void staff::opened(result<void> how) {
  std::lock_guard lock(mutex_);
  opened_ = std::move(how);
  changed_.notify_all();
}

void staff::gave_up(const error& why) {
  std::lock_guard lock(mutex_);
  hopeless_ = why;
  changed_.notify_all();
}

void staff::ended() {
  std::lock_guard lock(mutex_);
  ended_ = true;
  // It may end before it has begun.
  if (!opened_) opened_ = error{errc::system, "the cluster has ended"};
  changed_.notify_all();
}

std::vector<core::scaling::event> staff::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

void staff::wakes(caf::actor who) {
  std::lock_guard lock(mutex_);
  actor_ = std::move(who);
  if (actor_ && !events_.empty()) runtime::wake(actor_);
}

void staff::load_seen(const core::scheduling::scheduler_load& seen) {
  core::scaling::load_seen load{seen.runs, seen.work_ns, seen.results_bytes, {}};
  for (const auto& [launch, cost] : seen.costs)
    if (const auto number = number_of(launch)) load.costs[*number] = cost;
  std::unique_lock lock(mutex_);
  if (seen.clients > 0 || seen.runs > 0)
    idle_since_.reset();
  else if (!idle_since_)
    idle_since_ = std::chrono::steady_clock::now();
  push(std::move(load), std::move(lock));
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

void staff::show(owner_view now, std::uint32_t wanted) {
  const std::lock_guard lock(mutex_);
  view_ = std::move(now);
  if (adapting_) wanted_ = wanted;
}

void staff::adapt(const core::scaling::adapt_wanted& how, std::uint32_t workers) {
  std::unique_lock lock(mutex_);
  wanted_ = workers;
  adapting_ = true;
  hopeless_.reset();
  push(how, std::move(lock));
}

owner_view staff::view() const {
  const std::lock_guard lock(mutex_);
  auto seen = view_;
  seen.wanted = wanted_;
  if (hopeless_) seen.hopeless = hopeless_->message;
  return seen;
}

void staff::want(std::uint32_t workers, std::uint32_t launches) {
  std::unique_lock lock(mutex_);
  wanted_ = workers;
  adapting_ = false;
  hopeless_.reset();
  push(core::scaling::launches_wanted{launches}, std::move(lock));
}

result<void> staff::wait_opened() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return opened_.has_value(); });
  return *opened_;
}

result<void> staff::wait_for(std::uint32_t count, std::chrono::nanoseconds limit) {
  std::unique_lock lock(mutex_);
  const auto enough = [this, count] { return workers_.size() >= count; };
  const bool answered =
      changed_.wait_for(lock, limit, [&] { return enough() || hopeless_ || ended_; });
  if (enough()) return {};
  if (hopeless_) return *hopeless_;
  if (ended_) return error{errc::worker_lost, "the cluster has ended"};
  const auto have = static_cast<std::uint32_t>(workers_.size());
  if (!answered)
    return error{
        errc::timeout,
        "wanted " + workers(count) + ", and " +
            (have == 0 ? std::string("none has")
                       : "only " + std::to_string(have) + (have == 1 ? " has" : " have")) +
            " joined within " +
            std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limit).count()) +
            " ms; see what the workers print, or raise cluster.start_timeout" +
            (view_.words.empty() ? "" : " (" + view_.words + ")")};
  return {};
}

bool staff::wait_ended(std::chrono::nanoseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return ended_; });
}

std::uint32_t staff::joined() const {
  std::lock_guard lock(mutex_);
  return static_cast<std::uint32_t>(workers_.size());
}

std::uint32_t staff::wanted() const {
  std::lock_guard lock(mutex_);
  return wanted_;
}

}  // namespace troupe
