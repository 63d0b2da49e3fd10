#pragma once

#include <troupe/client.hpp>

namespace troupe {

/// The run that a thread works on, as its function sees it through <troupe/task_context.hpp>.
/// Used by that thread only.
class task_here {
public:
  virtual ~task_here() = default;

  /// The one of this thread; null if it runs none.
  static task_here* here() noexcept;

  virtual bool cancelled() noexcept = 0;
  virtual bool away() const noexcept = 0;
  virtual void secede() = 0;
  virtual void rejoin() = 0;
  virtual client connect() = 0;

protected:
  /// From now on here() is `what`.
  static void set_here(task_here* what) noexcept;
};

/// While it lives, this thread waits for something that other tasks may have to do first: if it
/// runs a task, that one secedes.
class task_pause {
public:
  task_pause() : task_(task_here::here()) {
    if (task_ && task_->away()) task_ = nullptr;
    if (task_) task_->secede();
  }

  task_pause(const task_pause&) = delete;
  task_pause& operator=(const task_pause&) = delete;

  ~task_pause() {
    if (task_) task_->rejoin();
  }

private:
  task_here* task_;
};

}  // namespace troupe
