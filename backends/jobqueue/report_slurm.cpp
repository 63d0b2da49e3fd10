#include <array>
#include <utility>

#include "backends/jobqueue/report_text.hpp"

namespace troupe::backends::jobqueue {

namespace {

using phase = launch_status::phase;

struct state_meaning {
  const char* word;
  phase at;
  launch_failure failure;
};

constexpr std::array<state_meaning, 21> meanings{{
    {"PENDING", phase::pending, launch_failure::none},
    {"REQUEUED", phase::pending, launch_failure::none},
    {"REQUEUE_FED", phase::pending, launch_failure::none},
    {"REQUEUE_HOLD", phase::pending, launch_failure::none},
    {"SPECIAL_EXIT", phase::pending, launch_failure::none},
    {"CONFIGURING", phase::starting, launch_failure::none},
    {"RUNNING", phase::running, launch_failure::none},
    {"COMPLETING", phase::running, launch_failure::none},
    {"SIGNALING", phase::running, launch_failure::none},
    {"STAGE_OUT", phase::running, launch_failure::none},
    {"RESIZING", phase::running, launch_failure::none},
    {"SUSPENDED", phase::running, launch_failure::none},
    {"STOPPED", phase::running, launch_failure::none},
    {"COMPLETED", phase::gone, launch_failure::none},
    {"CANCELLED", phase::gone, launch_failure::cancelled},
    {"TIMEOUT", phase::gone, launch_failure::walltime},
    {"PREEMPTED", phase::gone, launch_failure::preempted},
    {"NODE_FAIL", phase::gone, launch_failure::node_failure},
    {"BOOT_FAIL", phase::gone, launch_failure::node_failure},
    {"OUT_OF_MEMORY", phase::gone, launch_failure::out_of_memory},
    {"FAILED", phase::gone, launch_failure::exit_code},
}};

/// States that are added by later releases are taken for running: nothing is done about them.
void set_state(job_report& job, std::string_view word) {
  job.word = std::string(word);
  job.at = phase::running;
  if (word == "DEADLINE" || word == "REVOKED") {
    job.at = phase::gone;
    job.failure = word == "DEADLINE" ? launch_failure::walltime : launch_failure::cancelled;
  }
  for (const auto& meaning : meanings)
    if (word == meaning.word) {
      job.at = meaning.at;
      job.failure = meaning.failure;
    }
}

/// Slurm lets these jobs wait for ever, though they can never start as they are.
bool hopeless(std::string_view reason) {
  constexpr std::array words{"PartitionConfig",
                             "PartitionNodeLimit",
                             "PartitionTimeLimit",
                             "BadConstraints",
                             "InvalidAccount",
                             "InvalidQOS",
                             "AccountNotAllowed",
                             "QOSNotAllowed",
                             "DependencyNeverSatisfied",
                             "AssocMaxWallDurationPerJobLimit",
                             "QOSMaxWallDurationPerJobLimit",
                             "AssocMaxCpuPerJobLimit",
                             "QOSMaxCpuPerJobLimit",
                             "AssocMaxNodePerJobLimit",
                             "QOSMaxNodePerJobLimit",
                             "AssocMaxMemPerJob",
                             "QOSMaxMemoryPerJob"};
  for (const auto* word : words)
    if (reason == word) return true;
  return false;
}

/// "12", "12_3"; with -r never "12_[0-3]".
bool set_id(job_report& job, std::string_view text) {
  const auto under = text.find('_');
  if (!number_of(text.substr(0, under))) return false;
  job.id = std::string(text);
  if (under == std::string_view::npos) return true;
  const auto index = number_of(text.substr(under + 1));
  if (!index || *index < 0 || *index > UINT32_MAX) return false;
  job.index = static_cast<std::uint32_t>(*index);
  return true;
}

}  // namespace

job_reports parse_squeue(std::string_view text) {
  std::vector<job_report> jobs;
  for (const auto line : lines_of(text)) {
    auto fields = split(line, '|');
    job_report job;
    if (fields.size() < 7 || !set_id(job, trimmed(fields[0])))
      return not_understood("squeue", line);
    set_state(job, fields[1]);
    job.reason = fields[2] == "None" ? "" : std::string(fields[2]);
    if (job.at == phase::pending) job.start_estimate = local_time(fields[3]);
    if (job.at == phase::running) job.deadline = local_time(fields[4]);
    job.impossible = job.at == phase::pending && hopeless(job.reason);
    job.node = std::string(fields[5]);
    // The last field: names may hold anything.
    job.name = std::string(line.substr(static_cast<std::size_t>(fields[6].data() - line.data())));
    jobs.push_back(std::move(job));
  }
  return jobs;
}

job_reports parse_sacct(std::string_view text) {
  std::vector<job_report> jobs;
  for (const auto line : lines_of(text)) {
    auto fields = split(line, '|');
    job_report job;
    if (fields.size() < 4) return not_understood("sacct", line);
    // Jobs of an array that wait are told as one: "12_[4-9]". squeue tells more about them.
    if (fields[0].find('[') != std::string_view::npos) continue;
    if (!set_id(job, fields[0])) return not_understood("sacct", line);
    // "CANCELLED by 1000"
    set_state(job, words_of(fields[1]).empty() ? fields[1] : words_of(fields[1]).front());
    if (fields[1] != job.word) job.reason = std::string(fields[1]);
    job.exit_code = number_of(fields[2].substr(0, fields[2].find(':')));
    job.name = std::string(line.substr(static_cast<std::size_t>(fields[3].data() - line.data())));
    jobs.push_back(std::move(job));
  }
  return jobs;
}

/// "sbatch: Job 9 to start at 2026-11-23T23:07:42 using 4 processors on nodes n1 in partition main"
std::optional<launch_status::time_point> parse_start_estimate(std::string_view text) {
  constexpr std::string_view mark = " to start at ";
  const auto found = text.find(mark);
  if (found == std::string_view::npos) return std::nullopt;
  text.remove_prefix(found + mark.size());
  return local_time(text.substr(0, text.find_first_of(" \t\r\n")));
}

}  // namespace troupe::backends::jobqueue
