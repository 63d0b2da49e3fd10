#pragma once

#include <chrono>
#include <condition_variable>
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
#include "actors/scheduler/scheduler_actor.hpp"

namespace troupe {

/// Who works for a cluster: shared by the scheduler's thread, which sees workers come and go, the
/// cluster actor, which makes them, and the user's threads, which wait for them. Thread-safe.
class staff {
public:
  // For the scheduler's thread.

  void changed(const worker_change&);
  void load_seen(const core::scheduling::scheduler_load&);
  /// Somebody far away wants the cluster to end.
  void end_asked();

  // For the cluster actor.

  void opened(result<void>);
  void gave_up(const error&);
  void ended();
  /// How it is now, and how many workers are wanted, in case that is not the users' choice.
  void show(owner_view, std::uint32_t wanted);
  /// What has happened since the last call.
  std::vector<core::scaling::event> take();

  // For users' threads.

  /// From now on this actor is woken when there is something to take.
  void wakes(caf::actor);
  /// So many workers, in so many launches.
  void want(std::uint32_t workers, std::uint32_t launches);
  /// As many launches as the load needs; `workers` at least.
  void adapt(const core::scaling::adapt_wanted&, std::uint32_t workers);
  /// As it was shown last.
  owner_view view() const;
  /// Until the backend is made; then whether it could be.
  result<void> wait_opened();
  /// Until so many workers are there. An error if that is hopeless, or takes too long.
  result<void> wait_for(std::uint32_t count, std::chrono::nanoseconds);
  /// False if it takes too long.
  bool wait_ended(std::chrono::nanoseconds);
  bool end_was_asked() const;
  /// For how long there has been nobody and nothing to do.
  std::chrono::nanoseconds idle() const;
  std::uint32_t joined() const;
  std::uint32_t wanted() const;

private:
  void push(core::scaling::event, std::unique_lock<std::mutex>);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  caf::actor actor_;
  std::vector<core::scaling::event> events_;
  std::map<worker_id, std::string> workers_;  ///< Their names.
  std::uint32_t wanted_ = 0;
  bool adapting_ = false;
  bool end_asked_ = false;
  std::optional<std::chrono::steady_clock::time_point> idle_since_;
  owner_view view_;
  std::optional<result<void>> opened_;
  std::optional<error> hopeless_;
  bool ended_ = false;
};

}  // namespace troupe
