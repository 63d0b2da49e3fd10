#include "actors/client/callbacks.hpp"

#include <utility>

namespace troupe::detail {

/// Apart from the queue, because the last call may destroy that.
struct callback_queue::shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> calls;
  bool ends = false;
};

callback_queue::callback_queue() : shared_(std::make_shared<shared>()) {}

callback_queue::~callback_queue() {
  finish();
}

void callback_queue::call(std::function<void()> f) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (!shared_->ends) {
      shared_->calls.push_back(std::exchange(f, nullptr));
      if (!thread_.joinable()) thread_ = std::thread([state = shared_] { run(state); });
    }
  }
  if (f) return f();
  shared_->changed.notify_one();
}

void callback_queue::finish() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->ends = true;
  }
  shared_->changed.notify_one();
  if (!thread_.joinable()) return;
  if (thread_.get_id() == std::this_thread::get_id())
    thread_.detach();
  else
    thread_.join();
}

void callback_queue::run(const std::shared_ptr<shared>& state) {
  std::unique_lock lock(state->mutex);
  for (;;) {
    state->changed.wait(lock, [&] { return !state->calls.empty() || state->ends; });
    if (state->calls.empty()) return;
    auto call = std::move(state->calls.front());
    state->calls.pop_front();
    lock.unlock();
    call();
    call = nullptr;  // What it holds may end the client, which takes the lock.
    lock.lock();
  }
}

}  // namespace troupe::detail
