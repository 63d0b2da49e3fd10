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

  // For the cluster actor.

  void opened(result<void>);
  void gave_up(const error&);
  void ended();
  /// What has happened since the last call.
  std::vector<core::scaling::event> take();

  // For users' threads.

  /// From now on this actor is woken when there is something to take.
  void wakes(caf::actor);
  void want(std::uint32_t count);
  /// Until the backend is made; then whether it could be.
  result<void> wait_opened();
  /// Until so many workers are there. An error if that is hopeless, or takes too long.
  result<void> wait_for(std::uint32_t count, std::chrono::nanoseconds);
  /// False if it takes too long.
  bool wait_ended(std::chrono::nanoseconds);
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
  std::optional<result<void>> opened_;
  std::optional<error> hopeless_;
  bool ended_ = false;
};

}  // namespace troupe
