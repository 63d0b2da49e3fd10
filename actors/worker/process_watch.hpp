#pragma once

#include <functional>
#include <thread>

namespace troupe {

/// Ends a worker process that should not go on: by signals (the first SIGINT or SIGTERM calls
/// `stop`, a second one exits at once with 128 + its number), and when the lifeline in
/// TROUPE_LIFELINE_FD reads end-of-file (exits at once with `exit_owner_lost`).
///
/// One in a process. The handlers are taken back at the end.
class process_watch {
public:
  static constexpr int exit_owner_lost = 2;

  /// `stop` is called on the watch's own thread.
  explicit process_watch(std::function<void()> stop);
  ~process_watch();

  process_watch(const process_watch&) = delete;
  process_watch& operator=(const process_watch&) = delete;

private:
  void watch(int lifeline) const;

  std::function<void()> stop_;
  int notes_ = -1;  ///< Read end of the pipe that the signal handler writes to.
  std::thread thread_;
};

}  // namespace troupe
