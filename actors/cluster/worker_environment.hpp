#pragma once

#include <map>
#include <string>

#include <troupe/config.hpp>
#include <troupe/result.hpp>

namespace troupe {

/// The variables that make a worker's configuration the part of ours that concerns workers: all
/// keys of [worker], [network], [security] and [log] that differ from the defaults, wherever they
/// were set, and the cluster's token. No file is read by the worker.
result<std::map<std::string, std::string>> worker_environment(const config&);

}  // namespace troupe
