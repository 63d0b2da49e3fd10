#pragma once

#include <string>

#include <troupe/backend.hpp>

#include "backends/jobqueue/job_settings.hpp"

namespace troupe::backends::jobqueue {

/// An order, and where its files are.
struct job_order : launch_order {
  /// On all nodes, and its owner's alone. Holds the file `environment`, which scripts read: secrets
  /// are not in the scripts, which many systems show to others.
  std::string folder;
};

/// What is given to the system.
struct job_texts {
  std::string script;
  std::string node_script;  ///< What the launcher runs on each node; empty: a job has one node.
  std::string description;  ///< What HTCondor is given, which has the script as its executable.

  friend bool operator==(const job_texts&, const job_texts&) = default;
};

job_texts write_job(const job_settings&, const job_order&);

/// "troupe-pricing-cpu-81": cluster, group and number of the first launch, by which the jobs of a
/// cluster are found again. Characters that a system could take amiss are replaced.
std::string job_name(const job_settings&, const launch_order&);

/// How the names of all jobs of a cluster's group begin: "troupe-pricing-cpu-".
std::string job_name_start(const job_settings&, const std::string& cluster,
                           const std::string& group);

// Where things of the order are, in its folder.

std::string environment_file(const job_order&);
std::string script_file(const job_order&);
std::string node_script_file(const job_order&);
std::string description_file(const job_order&);

/// The folder of the job's output.
std::string log_folder(const job_settings&, const job_order&);

/// One word of a POSIX shell.
std::string shell_word(const std::string&);

}  // namespace troupe::backends::jobqueue
