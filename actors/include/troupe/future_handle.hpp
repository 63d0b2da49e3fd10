#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <troupe/id.hpp>
#include <troupe/result.hpp>
#include <troupe/value.hpp>

namespace troupe {

namespace detail {

struct future_state;
class completion_queue;

/// One share of a future, whatever its type. See future<T> for what the functions do.
class future_handle {
public:
  future_handle() noexcept = default;

  /// Takes over one share.
  explicit future_handle(future_state* share) noexcept : state_(share) {}

  future_handle(const future_handle&) noexcept;

  future_handle(future_handle&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}

  future_handle& operator=(future_handle other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }

  ~future_handle();

  bool empty() const noexcept { return state_ == nullptr; }

  task_id id() const noexcept;
  bool ready() const noexcept;
  void wait() const;
  bool wait_for(std::chrono::nanoseconds) const;
  /// Waits for the value itself.
  result<value> content() const;
  /// Waits until the task is done or has failed; the value stays where it is.
  result<void> outcome() const;
  void cancel() const;
  void kill() const;
  std::string why() const;
  void detach() const;
  void on_ready(std::function<void()>) const;

private:
  friend class completion_queue;
  friend void fetch_all(std::span<const future_handle* const>);
  friend bool wait_all(std::span<const future_handle* const>,
                       std::optional<std::chrono::nanoseconds>);

  future_state& state() const;

  future_state* state_ = nullptr;
};

/// Waits for all values, or until one has failed. Asks for all at once, so that each worker gets
/// its requests in one batch.
void fetch_all(std::span<const future_handle* const>);
/// False if the timeout came first.
bool wait_all(std::span<const future_handle* const>, std::optional<std::chrono::nanoseconds>);

/// Which of some futures are ready, in the order in which they became so.
class completion_queue {
public:
  explicit completion_queue(std::span<const future_handle* const>);
  ~completion_queue();

  completion_queue(const completion_queue&) = delete;
  completion_queue& operator=(const completion_queue&) = delete;

  /// Index of the next one; waits for it. Nothing after the last one.
  std::optional<std::size_t> next();

private:
  struct shared;
  std::shared_ptr<shared> shared_;
  std::size_t left_ = 0;
};

}  // namespace detail

}  // namespace troupe
