#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <troupe/codec.hpp>
#include <troupe/future_handle.hpp>
#include <troupe/result.hpp>

namespace troupe {

namespace detail {

template <class Futures>
std::vector<const future_handle*> handles_of(Futures& futures);

}  // namespace detail

/// The result of a task that is, or will be, on some worker. Copies share it; when the last copy
/// goes, the cluster may forget the result, and need not compute it if nothing else needs it.
///
/// Thread-safe to share. Needs a copy of its client to be there until it has its value: without one
/// it fails with errc::scheduler_lost.
template <class T>
class [[nodiscard]] future {
public:
  using value_type = T;

  /// Of no task: all but assigning to it throws.
  future() noexcept = default;

  explicit future(detail::future_handle handle) noexcept : handle_(std::move(handle)) {}

  /// Waits, fetches the value, and returns it. Throws troupe::exception if there will never be one.
  T get() const { return result().value(); }

  /// Waits, and returns the value or why there is none.
  troupe::result<T> result() const {
    if constexpr (std::is_void_v<T>) {
      return handle_.outcome();
    } else {
      auto content = handle_.content();
      if (!content) return content.error();
      try {
        return value_as<T>(*content);
      } catch (const exception& e) {
        return e.why();
      }
    }
  }

  /// The task is done, or has failed. The value may still have to be fetched.
  bool ready() const noexcept { return handle_.ready(); }

  /// Until ready().
  void wait() const { handle_.wait(); }

  /// True if ready() before the timeout.
  bool wait_for(std::chrono::nanoseconds timeout) const { return handle_.wait_for(timeout); }

  /// The task, and all that need its result, fail with errc::cancelled, unless they are done. A
  /// function that runs already is not interrupted, but troupe::cancelled() tells it. Returns at
  /// once.
  void cancel() const { handle_.cancel(); }

  /// cancel(), and if the function runs already the worker process in which it does is ended and
  /// replaced. What else ran there runs again elsewhere, and is not blamed. A worker that is a
  /// thread of another process cannot be ended: there it is cancel().
  void kill() const { handle_.kill(); }

  /// Where the task is, and why it is not done: "waiting: waits for 1 input: 'load' (task 3:16),
  /// which is queued". Asks the scheduler, and never throws for what it cannot learn.
  std::string why() const { return handle_.why(); }

  /// Calls `f(future)` once it is ready, soon if it is already: on a thread of the client, which
  /// makes all such calls one after the other. `f` may wait for results, but not for other
  /// callbacks, and what it throws ends the program. It is called even if nobody else keeps a copy.
  template <std::invocable<const future&> F>
  void on_ready(F f) const {
    handle_.on_ready([f = std::move(f), self = *this]() mutable { f(std::as_const(self)); });
  }

  /// Zero if of no task.
  task_id id() const noexcept { return handle_.id(); }

private:
  template <class Futures>
  friend std::vector<const detail::future_handle*> detail::handles_of(Futures& futures);
  friend class client;

  detail::future_handle handle_;
};

namespace detail {

template <class Futures>
std::vector<const future_handle*> handles_of(Futures& futures) {
  std::vector<const future_handle*> all;
  all.reserve(futures.size());
  for (auto& f : futures)
    all.push_back(&f.handle_);
  return all;
}

}  // namespace detail

/// Made by as_completed(). One pass; not thread-safe.
template <class T>
class completed_futures {
public:
  class iterator {
  public:
    using value_type = future<T>;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    explicit iterator(completed_futures* range) : range_(range) {}

    future<T>& operator*() const { return (*range_->futures_)[*range_->at_]; }

    future<T>* operator->() const { return &**this; }

    iterator& operator++() {
      range_->at_ = range_->queue_->next();
      return *this;
    }

    void operator++(int) { ++*this; }

    bool operator==(std::default_sentinel_t) const { return !range_->at_; }

  private:
    completed_futures* range_;
  };

  explicit completed_futures(std::vector<future<T>>& futures)
      : futures_(&futures),
        queue_(std::make_unique<detail::completion_queue>(detail::handles_of(futures))) {}

  /// Waits for the first one.
  iterator begin() {
    at_ = queue_->next();
    return iterator(this);
  }

  std::default_sentinel_t end() const { return {}; }

private:
  std::vector<future<T>>* futures_;
  std::unique_ptr<detail::completion_queue> queue_;
  std::optional<std::size_t> at_;
};

/// The same futures, each as soon as it is ready, in the order in which they became so. The vector
/// has to stay as it is meanwhile.
template <class T>
completed_futures<T> as_completed(std::vector<future<T>>& futures) {
  return completed_futures<T>(futures);
}

/// Until all are ready.
template <class T>
void wait(const std::vector<future<T>>& futures) {
  detail::wait_all(detail::handles_of(futures), std::nullopt);
}

/// True if all are ready before the timeout.
template <class T>
bool wait(const std::vector<future<T>>& futures, std::chrono::nanoseconds timeout) {
  return detail::wait_all(detail::handles_of(futures), timeout);
}

}  // namespace troupe
