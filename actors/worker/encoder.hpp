#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include <caf/actor.hpp>

#include <troupe/id.hpp>
#include <troupe/value.hpp>

#include "config/log.hpp"

namespace troupe {

/// The encoded form of a value, made when it is first needed. Thread-safe.
class once_encoded {
public:
  explicit once_encoded(value content) : content_(std::move(content)) {}

  /// Throws what the value's codec throws.
  const bytes& get() {
    std::call_once(done_, [this] { encoded_ = content_.encoded(); });
    return encoded_;
  }

private:
  const value content_;
  std::once_flag done_;
  bytes encoded_;
};

/// Encodes large results and sends them off, in a thread of its own: that takes 0.1 s for 256 MiB,
/// in which the worker's actor would hear nobody.
class encoder {
public:
  explicit encoder(logger log) : log_(std::move(log)) {}

  ~encoder();

  encoder(const encoder&) = delete;
  encoder& operator=(const encoder&) = delete;

  /// To a session. If the value cannot be encoded, the other side hears that it is absent.
  void send(task_id, std::shared_ptr<once_encoded>, caf::actor to);

private:
  struct job {
    task_id task;
    std::shared_ptr<once_encoded> content;
    caf::actor to;
  };

  void work();
  void carry_out(const job&) const;

  const logger log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<job> jobs_;
  bool ending_ = false;
  std::thread thread_;  ///< Made when first needed.
};

}  // namespace troupe
