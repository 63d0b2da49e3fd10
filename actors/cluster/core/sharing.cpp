#include "actors/cluster/core/sharing.hpp"

#include <algorithm>
#include <cstddef>

namespace troupe::core {

using scheduling::work_load;

namespace {

bool has(const group_room& room, const amounts& needs) {
  return std::all_of(needs.begin(), needs.end(), [&](const auto& need) {
    const auto found = room.resources.find(need.first);
    return found != room.resources.end() && found->second >= need.second;
  });
}

/// All that can run it has what it needs, so that the fewest have least beside.
std::vector<std::size_t> best_for(const amounts& needs, const std::vector<group_room>& rooms) {
  std::vector<std::size_t> best;
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    if (rooms.size() > 1 && !has(rooms[i], needs)) continue;
    const auto least = best.empty() ? rooms[i].resources.size() : rooms[best[0]].resources.size();
    if (rooms[i].resources.size() > least) continue;
    if (rooms[i].resources.size() < least) best.clear();
    best.push_back(i);
  }
  return best;
}

/// Threads that have something to do if it is to be done in time.
std::uint64_t threads_for(const work_load& load, std::chrono::nanoseconds target) {
  const auto span = static_cast<std::uint64_t>(std::max<std::int64_t>(target.count(), 1));
  return std::min(load.runs, (load.work_ns + span - 1) / span);
}

}  // namespace

void share_queued(const scheduling::scheduler_load& load, const std::vector<group_room>& rooms,
                  std::vector<work_load>& loads) {
  for (const auto& [needs, queued] : load.queued) {
    auto left = queued;
    const auto best = best_for(needs, rooms);
    for (std::size_t k = 0; k < best.size() && left.runs > 0; ++k) {
      const auto& room = rooms[best[k]];
      auto& to = loads[best[k]];
      const auto busy = std::min(threads_for(to, room.target), room.threads);
      const auto wanted = std::max<std::uint64_t>(threads_for(left, room.target), 1);
      auto part = left;
      if (k + 1 < best.size() && wanted > room.threads - busy) {
        const auto share = static_cast<double>(room.threads - busy) / static_cast<double>(wanted);
        part.runs = static_cast<std::uint64_t>(static_cast<double>(left.runs) * share);
        part.work_ns = static_cast<std::uint64_t>(static_cast<double>(left.work_ns) * share);
      }
      to.runs += part.runs;
      to.work_ns += part.work_ns;
      left.runs -= part.runs;
      left.work_ns -= part.work_ns;
    }
  }
}

}  // namespace troupe::core
