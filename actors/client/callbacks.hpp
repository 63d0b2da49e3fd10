#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace troupe::detail {

/// Makes users' callbacks on a thread of its own, one after the other, so that a slow one holds up
/// only others. The thread starts with the first call. Thread-safe.
class callback_queue {
public:
  callback_queue();
  ~callback_queue();

  callback_queue(const callback_queue&) = delete;
  callback_queue& operator=(const callback_queue&) = delete;

  /// After finish(): on the caller's thread.
  void call(std::function<void()>);
  /// Returns when all calls so far are made; at once if called from one of them.
  void finish();

private:
  struct shared;
  static void run(const std::shared_ptr<shared>&);

  std::shared_ptr<shared> shared_;
  std::thread thread_;
};

}  // namespace troupe::detail
