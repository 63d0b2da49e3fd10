#pragma once

#include <cstdint>
#include <string>

#include "serialization/messages.hpp"

namespace troupe {

/// What `troupe status` prints: the scheduler, tasks by state, and a table of the workers.
std::string snapshot_text(const cluster_snapshot&);

/// The same as one JSON object. Names in it are stable: programs read them.
std::string snapshot_json(const cluster_snapshot&);

/// "15.5 GiB": rounded, for people.
std::string rounded_size(std::uint64_t bytes);

/// "42 s", "3 min 5 s", "2 h 7 min", "3 d 4 h".
std::string rounded_time(std::uint64_t seconds);

}  // namespace troupe
