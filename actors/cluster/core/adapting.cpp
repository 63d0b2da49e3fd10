#include "actors/cluster/core/adapting.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::core {

using namespace scaling;

namespace {

std::uint64_t parts(std::uint64_t whole, std::uint64_t part) {
  return part == 0 ? 0 : (whole + part - 1) / part;
}

}  // namespace

std::uint32_t adapter::needed(const load_seen& load, std::uint32_t running,
                              std::chrono::nanoseconds wait, time_point now) {
  const auto most = std::max(for_work(load, running, wait), for_memory(load, running));
  const auto need = static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(most, limits_.minimum, std::max(limits_.maximum, limits_.minimum)));
  while (!needs_.empty() && needs_.back().second <= need)
    needs_.pop_back();
  needs_.emplace_back(now, need);
  // What took long to come is kept for longer.
  const auto memory = std::max(limits_.idle, wait);
  while (now - needs_.front().first > memory)
    needs_.pop_front();
  return needs_.front().second;
}

std::uint64_t adapter::for_work(const load_seen& load, std::uint32_t running,
                                std::chrono::nanoseconds wait) const {
  if (load.runs == 0) return 0;
  const std::uint64_t each = std::uint64_t{shape_.workers} * shape_.threads;
  const auto target = static_cast<std::uint64_t>(std::max<std::int64_t>(limits_.target.count(), 1));
  const auto threads = std::min(parts(load.work_ns, target), load.runs);
  const auto wished = std::max<std::uint64_t>(parts(threads, each), 1);
  if (running == 0 || wished <= running) return wished;
  // Those that are here are done with it before others come.
  const auto here = load.work_ns / (running * each);
  return here <= static_cast<std::uint64_t>(wait.count()) ? running : wished;
}

std::uint64_t adapter::for_memory(const load_seen& load, std::uint32_t running) const {
  const auto each = static_cast<double>(shape_.memory_bytes) * shape_.workers;
  if (each <= 0 || running == 0) return 0;
  return static_cast<std::uint64_t>(
      std::ceil(static_cast<double>(load.results_bytes) / (each * full)));
}

std::string adapter::words() const {
  return "adapting between " + std::to_string(limits_.minimum) + " and " +
         std::to_string(limits_.maximum);
}

}  // namespace troupe::core
