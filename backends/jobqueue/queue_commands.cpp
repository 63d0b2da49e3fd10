#include "backends/jobqueue/queue_commands.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::backends::jobqueue {

namespace {

using words = std::vector<std::string>;

/// So that times and words do not depend on the user's habits.
command_order plain_command(words all) {
  command_order order;
  order.words = std::move(all);
  order.environment = {{"LC_ALL", "C"}, {"SLURM_TIME_FORMAT", "standard"}};
  return order;
}

query ask(words all, job_reports (*parse)(std::string_view)) {
  return {plain_command(std::move(all)), parse};
}

std::string joined(const words& all) {
  std::string text;
  for (const auto& one : all)
    text += (text.empty() ? "" : ",") + one;
  return text;
}

constexpr auto condor_attributes =
    "ClusterId,ProcId,JobStatus,JobBatchName,HoldReason,HoldReasonCode,RemoteHost,ExitCode,"
    "ExitBySignal,ExitSignal,RemoveReason";

}  // namespace

bool is_passing(std::string_view complaint) {
  // As they are written by Slurm, PBS, Grid Engine, LSF and HTCondor, in this order.
  constexpr std::array words{"nable to contact slurm controller",
                             "ocket timed out",
                             "temporarily unable to accept job",
                             "Connection refused",
                             "Connection timed out",
                             "annot connect to server",
                             "unable to contact qmaster",
                             "unable to send message to qmaster",
                             "LSF is down",
                             "LSF daemon not responding",
                             "atch system daemon not responding",
                             "Communication time out",
                             "Failed to connect",
                             "find address of local schedd",
                             "Failed to fetch ads"};
  return std::any_of(words.begin(), words.end(), [&](const char* word) {
    return complaint.find(word) != std::string_view::npos;
  });
}

command_order submit_command(const job_settings& job, const job_order& order) {
  words all;
  const auto script = script_file(order);
  std::string input;
  switch (job.system) {
    case batch_system::slurm:
      all = {"sbatch", "--parsable"};
      break;
    case batch_system::pbs:
      all = {"qsub"};
      break;
    case batch_system::sge:
      all = {"qsub", "-terse"};
      break;
    case batch_system::lsf:
      all = {"bsub"};
      if (job.use_stdin) input = script;
      break;
    case batch_system::htcondor:
      all = {"condor_submit", "-terse"};
      break;
    case batch_system::moab:
      all = {"msub"};
      break;
    case batch_system::oar:
      all = {"oarsub", "-S"};
      break;
  }
  all.insert(all.end(), job.submit_options.begin(), job.submit_options.end());
  if (input.empty())
    all.push_back(job.system == batch_system::htcondor ? description_file(order) : script);
  auto command = plain_command(std::move(all));
  command.input_file = std::move(input);
  return command;
}

std::optional<command_order> estimate_command(const job_settings& job, const std::string& script) {
  if (job.system != batch_system::slurm) return std::nullopt;
  words all{"sbatch", "--test-only"};
  all.insert(all.end(), job.submit_options.begin(), job.submit_options.end());
  all.push_back(script);
  return plain_command(std::move(all));
}

command_order cancel_command(const job_settings& job, const std::vector<std::string>& ids) {
  constexpr std::array<const char*, 7> programs{"scancel",   "qdel",      "qdel",  "bkill",
                                                "condor_rm", "canceljob", "oardel"};
  words all{programs.at(static_cast<std::size_t>(job.system))};
  all.insert(all.end(), job.cancel_options.begin(), job.cancel_options.end());
  all.insert(all.end(), ids.begin(), ids.end());
  return plain_command(std::move(all));
}

std::vector<query> job_queries(batch_system system, const std::string& user) {
  switch (system) {
    case batch_system::slurm:
      // Not --json: its members changed from release to release, and 22.05 ignores the filters.
      return {ask({"squeue", "-h", "-r", "-t", "all", "-u", user, "-o", "%i|%T|%r|%S|%e|%N|%j"},
                  parse_squeue)};
    case batch_system::pbs:
      return {ask({"qstat", "-x", "-t", "-f", "-F", "json"}, parse_qstat_json),
              ask({"qstat", "-f"}, parse_qstat_full)};
    case batch_system::sge:
      return {ask({"qstat", "-u", user, "-xml"}, parse_qstat_xml)};
    case batch_system::lsf:
      return {ask({"bjobs", "-a", "-u", user, "-json", "-o",
                   "jobid jobindex stat job_name exit_code exit_reason pend_reason exec_host"},
                  parse_bjobs_json),
              ask({"bjobs", "-a", "-w", "-u", user}, parse_bjobs_table),
              ask({"bjobs"}, parse_bjobs_table)};
    case batch_system::htcondor:
      return {ask({"condor_q", "-json", "-attributes", condor_attributes}, parse_condor_json)};
    case batch_system::moab:
      return {ask({"showq", "--xml", "-w", "user=" + user}, parse_showq_xml)};
    case batch_system::oar:
      return {ask({"oarstat", "-J", "-u", user}, parse_oarstat_json)};
  }
  return {};
}

std::optional<query> ended_query(batch_system system, const std::vector<std::string>& ids) {
  words all;
  switch (system) {
    case batch_system::slurm:
      return ask(
          {"sacct", "-n", "-P", "-X", "-j", joined(ids), "-o", "JobID,State,ExitCode,JobName"},
          parse_sacct);
    case batch_system::sge:
      // It takes one job, or a pattern of names: all jobs of one array are told together.
      return ask({"qacct", "-j", sequence_of(ids.front())}, parse_qacct);
    case batch_system::htcondor:
      all = {"condor_history", "-json", "-attributes", condor_attributes};
      all.insert(all.end(), ids.begin(), ids.end());
      return ask(std::move(all), parse_condor_json);
    case batch_system::moab:
      return ask({"showq", "-c", "--xml"}, parse_showq_xml);
    case batch_system::oar:
      return ask({"oarstat", "-J", "-j", ids.front()}, parse_oarstat_json);
    case batch_system::pbs:
    case batch_system::lsf:
      return std::nullopt;  // The queue lists what has ended as well.
  }
  return std::nullopt;
}

}  // namespace troupe::backends::jobqueue
