#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

namespace troupe::detail {

/// How far a client may run ahead of its scheduler, in bytes: what was submitted and has not been
/// taken by the scheduler, if it is in this process, or by the network. The network takes no more
/// than the scheduler reads. Thread-safe.
class credit : public std::enable_shared_from_this<credit> {
public:
  explicit credit(std::int64_t most) : most_(most) {}

  /// Waits until there is room; who finds some may go beyond it with one call. Never on an actor's
  /// thread: actors give back.
  void spend(std::int64_t bytes) {
    if (out_ >= most_) {
      std::unique_lock lock(mutex_);
      ++waiting_;
      room_.wait(lock, [&] { return closed_ || out_ <= most_ / 2; });
      --waiting_;
    }
    out_ += bytes;
  }

  void give_back(std::int64_t bytes) {
    // In this order, and the other way round above: one of the two sees what the other does.
    if (out_.fetch_sub(bytes) - bytes > most_ / 2 || waiting_ == 0) return;
    const std::lock_guard lock(mutex_);
    room_.notify_all();
  }

  /// Gives back when its last copy goes.
  std::shared_ptr<const void> receipt(std::int64_t bytes) {
    return {this, [home = shared_from_this(), bytes](const void*) { home->give_back(bytes); }};
  }

  /// From now on nobody waits.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    room_.notify_all();
  }

  std::int64_t out() const noexcept { return out_; }

private:
  const std::int64_t most_;
  std::atomic<std::int64_t> out_ = 0;
  std::atomic<int> waiting_ = 0;
  std::mutex mutex_;
  std::condition_variable room_;
  bool closed_ = false;
};

}  // namespace troupe::detail
