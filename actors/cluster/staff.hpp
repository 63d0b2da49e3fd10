#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <caf/actor.hpp>

#include <troupe/id.hpp>
#include <troupe/result.hpp>

#include "actors/cluster/core/events.hpp"
#include "actors/cluster/core/sharing.hpp"
#include "actors/scheduler/scheduler_actor.hpp"

namespace troupe {

/// Who works for a cluster: shared by the scheduler's thread, which sees workers come and go, the
/// cluster actors, one a group, which make them, and the user's threads, which wait for them.
/// Groups are known by their place in the list. Thread-safe.
class staff {
public:
  using group_index = std::size_t;

  /// What it is to know of a group.
  struct group_kind {
    std::string name;  ///< Empty: there are no others.
    core::amounts resources = {};
    std::uint32_t threads = 1;  ///< Of each launch.
  };

  /// Workers that were started by hand count to the first.
  explicit staff(const std::vector<group_kind>& groups);

  // For the scheduler's thread.

  void changed(const worker_change&);
  void load_seen(const core::scheduling::scheduler_load&);
  /// Somebody far away wants the cluster to end.
  void end_asked();

  // For the cluster actor of a group.

  void opened(group_index, result<void>);
  void gave_up(group_index, const error&);
  void ended(group_index);
  /// How it is now, and how many workers are wanted, in case that is not the users' choice.
  void show(group_index, owner_view, std::uint32_t wanted);
  /// What has happened since the last call.
  std::vector<core::scaling::event> take(group_index);

  // For users' threads.

  /// From now on this actor is woken when there is something to take for the group.
  void wakes(group_index, caf::actor);
  /// So many workers, in so many launches.
  void want(group_index, std::uint32_t workers, std::uint32_t launches);
  /// As many launches as the load needs; `workers` at least.
  void adapt(group_index, const core::scaling::adapt_wanted&, std::uint32_t workers);
  /// As it was shown last, of all groups.
  owner_view view() const;
  /// Until the backends are made; then whether they could be.
  result<void> wait_opened();
  /// Until so many workers are there. An error if that is hopeless, or takes too long.
  result<void> wait_for(std::uint32_t count, std::chrono::nanoseconds);
  /// Until all actors have ended; false if it takes too long.
  bool wait_ended(std::chrono::nanoseconds);
  bool end_was_asked() const;
  /// For how long there has been nobody and nothing to do.
  std::chrono::nanoseconds idle() const;
  std::uint32_t joined(group_index) const;
  std::uint32_t wanted() const;  ///< In all groups.

private:
  struct group {
    std::string name;
    std::uint32_t threads = 1;  ///< Of each launch.
    core::group_room room;
    caf::actor actor = {};
    std::vector<core::scaling::event> events = {};
    std::uint32_t joined = 0;
    std::uint32_t wanted = 0;
    bool adapting = false;
    owner_view view = {};
    std::optional<result<void>> opened = {};
    std::optional<error> hopeless = {};
    bool ended = false;
  };

  struct launch {
    group_index group = 0;
    core::scaling::launch_number number = 0;
  };

  std::optional<launch> find(const std::string& label) const;
  static void push(group&, core::scaling::event);
  std::string words() const;
  std::uint32_t all_wanted() const;
  const error* hopeless(std::uint32_t count) const;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<group> groups_;
  std::map<worker_id, group_index> workers_;
  bool end_asked_ = false;
  std::optional<std::chrono::steady_clock::time_point> idle_since_;
};

}  // namespace troupe
