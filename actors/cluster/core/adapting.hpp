#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "actors/cluster/core/events.hpp"

namespace troupe::core {

/// How many launches the load needs, between two limits.
///
/// Growth is at once: work waits. It is limited by what can be used: no more threads than there are
/// runs to be had, and none that would come when the work is done, as far as is known how long
/// launches wait in the queue. To shrink, the load must have been low for a while, in time and not
/// in numbers of looks: the highest need of the last `memory()` counts, so that a gap between two
/// bursts costs no launch that the second one needs.
///
/// Pending launches are in `have` as they are in the target: what has been ordered is not ordered
/// again, and not given up because it is slow to come.
class adapter {
public:
  /// What launches are like here.
  struct shape {
    std::uint32_t workers = 1;  ///< Of each launch.
    std::uint32_t threads = 1;  ///< Of each worker.
    std::uint64_t memory_bytes = 0;
  };

  /// Of the memory that there is, results and all may take so much before there is more.
  static constexpr double full = 0.6;

  adapter(scaling::adapt_wanted limits, shape each) : limits_(limits), shape_(each) {}

  /// `running` launches do the work now; a new one works after `wait`.
  std::uint32_t needed(const scaling::load_seen&, std::uint32_t running,
                       std::chrono::nanoseconds wait, time_point now);

  /// "adapting between 0 and 8"
  std::string words() const;

private:
  std::uint64_t for_work(const scaling::load_seen&, std::uint32_t running,
                         std::chrono::nanoseconds wait) const;
  std::uint64_t for_memory(const scaling::load_seen&, std::uint32_t running) const;

  scaling::adapt_wanted limits_;
  shape shape_;
  std::deque<std::pair<time_point, std::uint32_t>> needs_;  ///< Falling; the first one counts.
};

}  // namespace troupe::core
