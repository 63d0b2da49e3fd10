#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <troupe/id.hpp>

namespace troupe::core {

/// What being one of the runs that a lost worker had probably started counts, against 1 for having
/// waited there. A task that kills its workers fails soon; others can share that fate very often.
inline constexpr std::uint16_t loss_weight = 64;

/// A worker that was lost, for those who want to know why their task failed with it.
struct loss {
  std::string worker;  ///< Its name.
  std::string launch;  ///< What its cluster calls it; empty: nobody will tell how it ended.
  std::uint64_t memory_used_bytes = 0;  ///< As last reported.
  std::uint64_t memory_bytes = 0;       ///< That it might use.
  std::vector<std::string> ran = {};    ///< Names of some tasks that it ran.
  std::string how = {};                 ///< As its place says; empty: not known (yet).
};

using loss_ptr = std::shared_ptr<const loss>;

/// To be spoken over a task when it is known how its last worker ended, or after some time.
struct verdict {
  task_id task;
  loss_ptr last;
  std::chrono::steady_clock::time_point until{};
};

/// "'w1' (killed by signal 9 (Killed); it used 950 of 1024 MiB, so it probably ran out of memory;
/// it ran 'f', 'g')", as far as it is known.
std::string describe(const loss&);

/// What is known of the last losses. A place learns of the end of a process after, or before, the
/// scheduler sees its connection closed.
class loss_book {
public:
  loss_ptr lost(loss);
  void ended(const std::string& launch, std::string how);

private:
  struct end {
    std::string launch;
    std::string how;
  };

  std::deque<std::shared_ptr<loss>> recent_;  ///< That somebody may still tell about.
  std::deque<end> early_;                     ///< Told before they were lost.
};

}  // namespace troupe::core
