#pragma once

#include <memory>
#include <string>

#include <spdlog/logger.h>

#include <troupe/config.hpp>

namespace troupe {

using logger = std::shared_ptr<spdlog::logger>;

/// Where the logs of one process go, as [log] says. Hands out a logger per role.
class log_sink {
public:
  /// Throws troupe::exception if log.file cannot be written.
  explicit log_sink(const log_options&);

  /// One per role: "scheduler", "worker", "client", "cluster", "network". Thread-safe.
  logger make(const std::string& role) const;

private:
  log_options options_;
  spdlog::sink_ptr sink_;
};

}  // namespace troupe
