#pragma once

#include <span>
#include <string>
#include <string_view>

#include <troupe/task.hpp>

#include "actors/worker/node_report.hpp"

namespace troupe {

/// The task that gives its one input back, whatever that is: a client's way to results of others.
inline constexpr std::string_view opening_task = "troupe.dataset";
inline constexpr std::string_view opening_signature = "(anything) -> anything";

/// What every worker knows.
inline void add_builtin_tasks(task_registry& to) {
  to.add({std::string(opening_task), std::string(opening_signature),
          [](const value&, std::span<const value> inputs) { return inputs.front(); }});
  to.add(node_task);
}

}  // namespace troupe
