#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include <troupe/error.hpp>
#include <troupe/id.hpp>
#include <troupe/value.hpp>

namespace troupe::detail {

class client_connection;

/// What happens when a future becomes ready, besides waking those who wait.
class listener {
public:
  virtual ~listener() = default;

  /// Called once, under a lock: only hands over to another thread.
  virtual void ready() = 0;

private:
  friend class client_connection;
  std::unique_ptr<listener> next_;
};

/// What the copies of one future share. Made and counted by users' threads; deleted by the client
/// actor when it hears that the last copy is gone, so that it never meets a deleted one.
struct future_state {
  // Flags: each is set once.
  static constexpr std::uint8_t ready = 1;      ///< Done or failed.
  static constexpr std::uint8_t here = 2;       ///< `content` is good.
  static constexpr std::uint8_t failed = 4;     ///< `why` is good.
  static constexpr std::uint8_t wanted = 8;     ///< The actor was told that somebody wants it.
  static constexpr std::uint8_t listened = 16;  ///< There are listeners.

  bool is(std::uint8_t any_of) const noexcept {
    return (flags.load(std::memory_order_acquire) & any_of) != 0;
  }

  std::shared_ptr<client_connection> home;
  task_id task;
  std::atomic<std::uint32_t> shares{1};
  std::atomic<std::uint8_t> flags{0};
  value content;
  std::unique_ptr<const error> why;
  std::unique_ptr<listener> listeners;  ///< Under the connection's lock.
};

static_assert(sizeof(future_state) <= 128, "a million futures are nothing unusual");

}  // namespace troupe::detail
