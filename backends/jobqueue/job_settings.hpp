#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <troupe/result.hpp>
#include <troupe/settings.hpp>

#include "backends/jobqueue/batch_system.hpp"

namespace troupe::backends::jobqueue {

/// [cluster.jobqueue]: what jobs are to be like, whichever workers are in them.
struct job_settings {
  batch_system system = batch_system::slurm;
  std::string job_name = "troupe";  ///< The cluster's name is added.
  std::string queue;                ///< Or partition.
  std::string account;              ///< Or project.
  std::uint32_t cores = 0;          ///< Of a node of a job. 0: what its workers use.
  std::uint64_t memory_bytes = 0;   ///< Likewise.
  std::uint64_t disk_bytes = std::uint64_t{1} << 30;             ///< HTCondor wants to know.
  std::chrono::nanoseconds walltime = std::chrono::minutes(30);  ///< 0: what the queue gives.
  /// How long before the end of the walltime workers begin to leave.
  std::chrono::nanoseconds walltime_warning = std::chrono::minutes(2);
  std::uint32_t nodes_per_job = 1;
  std::vector<std::string> launcher;     ///< Runs a command on each node. Empty: the system's.
  std::string resource_spec;             ///< Replaces what would be asked for.
  std::string parallel_environment;      ///< Of Grid Engine, which needs one to give several cores.
  std::string memory_per_core_property;  ///< Of OAR.
  std::string lsf_units = "KB";          ///< In which LSF counts memory.
  std::vector<std::string> directives;
  std::vector<std::string> skip_directives;
  std::string shebang = "#!/usr/bin/env bash";
  std::vector<std::string> prologue;
  std::vector<std::string> epilogue;
  std::vector<std::string> worker_arguments;
  std::vector<std::string> submit_options;
  std::vector<std::string> cancel_options;
  std::string local_directory;   ///< Variables in it are the node's.
  std::string interface;         ///< On which workers serve their results.
  std::string log_directory;     ///< Empty: in the cluster's folder.
  std::string shared_directory;  ///< Empty: in the user's home.
  bool job_array = true;
  bool use_stdin = true;  ///< How LSF is given the script.
  std::chrono::nanoseconds query_interval_min = std::chrono::seconds(2);
  std::chrono::nanoseconds query_interval_max = std::chrono::seconds(30);

  friend bool operator==(const job_settings&, const job_settings&) = default;
};

/// Puts the presets that `site` names, [cluster.jobqueue.sites.NAME], below the keys of the section
/// itself. A preset may `inherit` from another one. What the section says wins over its site, and a
/// site over what it inherits. An error for names that do not exist, and for circles.
result<settings> with_site(const settings& section);

/// For the jobs of workers: without [cluster.jobqueue.scheduler]. For that of the scheduler: with
/// the values in there, and without what is for workers alone.
settings for_group(const settings& section, const std::string& group);

/// Values that do not fit are told by section.leftovers(). `here` is for `system = "auto"`.
result<job_settings> read_job_settings(settings& section,
                                       const std::function<bool(const std::string&)>& here);

}  // namespace troupe::backends::jobqueue
