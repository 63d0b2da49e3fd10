#include "actors/scheduler/core/placement.hpp"

#include <algorithm>

#include "serialization/check.hpp"

namespace troupe::core {

namespace {

/// One fetch takes so long, however small the result is.
constexpr std::uint64_t fetch_latency_ns = 200'000;

}  // namespace

std::uint64_t start_ns(const candidate& c) {
  // A byte a nanosecond: what one connection brings between two processes or over 10 Gbit/s.
  const auto move_ns = c.bytes_to_move + (c.inputs_to_move > 0 ? fetch_latency_ns : 0);
  // Fetching goes on while the task waits for its thread.
  return std::max(c.wait_ns, move_ns) + move_ns / 4;
}

const candidate& choose(std::span<const candidate> from) {
  check(!from.empty(), "a task is placed when somebody has room");
  return *std::min_element(from.begin(), from.end(), [](const candidate& a, const candidate& b) {
    return start_ns(a) < start_ns(b);
  });
}

}  // namespace troupe::core
