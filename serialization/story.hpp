#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <troupe/id.hpp>

namespace troupe {

struct story_step {
  std::uint64_t age_ns = 0;  ///< How long ago it was.
  std::string what;

  friend bool operator==(const story_step&, const story_step&) = default;
};

/// What happened to a task lately, oldest first.
struct task_story {
  task_id task;
  std::string name;
  std::string state;
  std::string reason;  ///< Why it does not go on, or what went wrong; empty: nothing to say.
  std::vector<story_step> steps;

  friend bool operator==(const task_story&, const task_story&) = default;
};

}  // namespace troupe
