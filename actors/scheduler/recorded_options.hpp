#pragma once

#include <troupe/bytes.hpp>

#include "actors/scheduler/recording.hpp"

namespace troupe {

/// As lines of text: "key=value". Durations are in nanoseconds.
bytes to_bytes(const recorded_scheduler&);
result<recorded_scheduler> to_recorded_scheduler(const bytes&);

}  // namespace troupe
