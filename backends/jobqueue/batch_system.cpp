#include "backends/jobqueue/batch_system.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::backends::jobqueue {

namespace {

constexpr std::array names{"slurm", "pbs", "sge", "lsf", "htcondor", "moab", "oar"};

}  // namespace

const char* to_string(batch_system system) {
  return names.at(static_cast<std::size_t>(system));
}

std::vector<std::string> system_names() {
  return {names.begin(), names.end()};
}

batch_system system_of(const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return static_cast<batch_system>(found - names.begin());
}

result<batch_system> detect_system(const std::function<bool(const std::string&)>& here) {
  // Slurm, LSF and Moab first: they may bring a `qsub` of their own along.
  const std::array<std::pair<const char*, batch_system>, 7> signs{{
      {"sbatch", batch_system::slurm},
      {"bsub", batch_system::lsf},
      {"msub", batch_system::moab},
      {"oarsub", batch_system::oar},
      {"condor_submit", batch_system::htcondor},
      {"qconf", batch_system::sge},
      {"qsub", batch_system::pbs},
  }};
  for (const auto& [program, system] : signs)
    if (here(program)) return system;
  return error{errc::bad_config,
               "there is no batch system here: none of sbatch, bsub, msub, oarsub, condor_submit, "
               "qconf and qsub is in PATH; run this where jobs can be submitted (a login node), or "
               "name the system, as in cluster.jobqueue.system = \"slurm\""};
}

}  // namespace troupe::backends::jobqueue
