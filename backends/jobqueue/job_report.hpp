#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <troupe/backend.hpp>
#include <troupe/result.hpp>

#include "backends/jobqueue/batch_system.hpp"

namespace troupe::backends::jobqueue {

/// What a system says about one job, or one job of an array.
struct job_report {
  using phase = launch_status::phase;

  std::string id;           ///< As the system's commands take it: "12", "12_3", "12[3].server".
  std::string name;         ///< Of an array: the same for all its jobs.
  std::uint32_t index = 0;  ///< In its array, as the system counts.
  phase at = phase::pending;
  std::string word;         ///< The system's own for its state.
  std::string reason = {};  ///< Why it waits or how it ended, in the system's words; may be empty.
  launch_failure failure = launch_failure::none;
  std::optional<std::int64_t> exit_code = std::nullopt;
  bool impossible = false;
  std::optional<launch_status::time_point> start_estimate = std::nullopt;
  std::optional<launch_status::time_point> deadline = std::nullopt;
  std::string node = {};

  friend bool operator==(const job_report&, const job_report&) = default;
};

using job_reports = result<std::vector<job_report>>;

// Each takes what the command printed, all of it. What is not of the form it knows is an error that
// shows where it was; nothing at all is no jobs.

/// squeue -h -r -t all -o "%i|%T|%r|%S|%e|%N|%j"
job_reports parse_squeue(std::string_view);
/// sacct -n -P -X -o JobID,State,ExitCode,JobName
job_reports parse_sacct(std::string_view);
/// qstat -x -t -f -F json, of OpenPBS.
job_reports parse_qstat_json(std::string_view);
/// qstat -f, of Torque and of Slurm's wrappers.
job_reports parse_qstat_full(std::string_view);
/// qstat -xml, of Grid Engine.
job_reports parse_qstat_xml(std::string_view);
/// qacct -j ID: one record for each task.
job_reports parse_qacct(std::string_view);
/// bjobs -a -json -o "jobid jobindex stat job_name exit_code exit_reason pend_reason exec_host".
job_reports parse_bjobs_json(std::string_view);
/// bjobs, where it knows no -json.
job_reports parse_bjobs_table(std::string_view);
/// condor_q -json and condor_history -json.
job_reports parse_condor_json(std::string_view);
/// showq --xml, of Moab.
job_reports parse_showq_xml(std::string_view);
/// oarstat -J
job_reports parse_oarstat_json(std::string_view);

/// The sentence for people: what the system means by its reason, and what to do about it.
std::string explain(batch_system, const job_report&);

/// Ids from what the command that submits printed, for an array of `count` jobs or one job.
result<std::vector<std::string>> parse_submitted(batch_system, std::string_view output,
                                                 std::uint32_t count);

/// sbatch --test-only: when such a job would start, if the queue can tell.
std::optional<launch_status::time_point> parse_start_estimate(std::string_view);

/// The sequence number in an id: "12" of "12_3" and of "12[].server".
std::string sequence_of(const std::string& id);

}  // namespace troupe::backends::jobqueue
