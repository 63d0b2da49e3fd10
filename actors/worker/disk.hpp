#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "actors/worker/core/events.hpp"
#include "actors/worker/spill_folder.hpp"

namespace troupe {

/// Writes and reads results on a thread of its own, one after the other, in a spill folder that is
/// made when the first is written. What crashed workers have left there is removed at the start.
///
/// All but the constructor and destructor are for the worker's actor.
class disk {
public:
  struct settings {
    std::filesystem::path base;
    /// There is something to take(), after there was nothing. Called on the disk's thread.
    std::function<void()> wake;
  };

  explicit disk(settings);
  /// Waits for what is being written or read, and forgets the rest.
  ~disk();

  disk(const disk&) = delete;
  disk& operator=(const disk&) = delete;

  void write(core::working::spill_result);
  /// Comes as a value of `me`.
  void read(core::working::load_result, worker_id me);
  void remove(core::working::remove_file);
  struct reports {
    std::vector<core::working::event> events;
    std::vector<std::string> problems;  ///< For the log.
  };

  /// Replaces `to` by what has happened since the last call.
  void take(reports& to);

private:
  struct reading {
    core::working::load_result what;
    worker_id me;
  };

  using job = std::variant<core::working::spill_result, reading, core::working::remove_file>;

  void add(job);
  void work();
  void carry_out(const core::working::spill_result&);
  void carry_out(const reading&);
  void carry_out(const core::working::remove_file&);
  template <class Change>
  void report(Change);

  const settings settings_;
  std::optional<spill_folder> folder_;  ///< The thread's.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<job> jobs_;
  reports reports_;
  bool reported_ = false;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace troupe
