#pragma once

#include <functional>
#include <string>
#include <vector>

#include <troupe/result.hpp>

namespace troupe::backends::jobqueue {

enum class batch_system { slurm, pbs, sge, lsf, htcondor, moab, oar };

/// As in `system = "slurm"`.
const char* to_string(batch_system);

/// "slurm", … in the order of the enumeration.
std::vector<std::string> system_names();

/// `name` must be one of system_names().
batch_system system_of(const std::string& name);

/// Which system's commands are here. Grid Engine and PBS share the names of theirs: the former has
/// `qconf` as well. An error if there are none.
result<batch_system> detect_system(const std::function<bool(const std::string& program)>& here);

}  // namespace troupe::backends::jobqueue
