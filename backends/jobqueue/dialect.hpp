#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backends/jobqueue/job_script.hpp"

namespace troupe::backends::jobqueue {

/// How one system wants to be told what a job is to be.
struct dialect {
  const char* mark;              ///< Begins a directive in a script.
  const char* index;             ///< Shell: the job's index in its array.
  std::uint32_t index_base;      ///< Index of the first.
  bool warns_with_other_signal;  ///< Than SIGTERM, so that the script has to pass it on.
  /// Runs a command on each node of a job, once.
  std::vector<std::string> (*launcher)(const job_settings&);
  /// The directives without their mark; for HTCondor lines of the description.
  std::vector<std::string> (*directives)(const job_settings&, const job_order&);
};

const dialect& dialect_of(batch_system);

/// Those of a launch, in equal parts on its nodes.
std::uint32_t workers_on_node(const job_settings&, const launch_order&);

/// What a node must have: as set, or what the workers on it need.
std::uint32_t cores_of(const job_settings&, const job_order&);
std::uint64_t memory_of(const job_settings&, const job_order&);

}  // namespace troupe::backends::jobqueue
