#pragma once

#include <map>
#include <string>

#include <troupe/task.hpp>

namespace troupe {

/// What can differ from machine to machine, for `troupe doctor --node` to compare: "host",
/// "release", "libc", "libraries" (shared ones that are loaded, a line each), "clock_ns" since
/// 1970, and "probe", the content of that file; empty if it cannot be read.
std::map<std::string, std::string> node_report(const std::string& probe);

/// Every worker knows it.
inline constexpr auto node_task = task<&node_report>("troupe.node");

}  // namespace troupe
