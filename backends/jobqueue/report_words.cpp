#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "backends/jobqueue/report_text.hpp"

namespace troupe::backends::jobqueue {

namespace {

using phase = launch_status::phase;

struct meaning {
  const char* reason;
  const char* words;
};

constexpr std::array slurm_words{
    meaning{"Priority", "other jobs come first"},
    meaning{"Resources", "there is no room for it yet"},
    meaning{"BeginTime", "it may not begin yet"},
    meaning{"Dependency", "it waits for another job"},
    meaning{"JobHeldUser", "somebody holds it; `scontrol release` lets it go"},
    meaning{"JobHeldAdmin", "an administrator holds it"},
    meaning{"JobArrayTaskLimit", "so many jobs of its array may not run at one time"},
    meaning{"Licenses", "a licence is not free"},
    meaning{"ReqNodeNotAvail", "a node that it needs is down, drained or reserved"},
    meaning{"Reservation", "it waits for its reservation"},
    meaning{"PartitionDown", "the partition takes no jobs just now"},
    meaning{"PartitionInactive", "the partition starts no jobs just now"},
    meaning{
        "PartitionConfig",
        "no node of the partition has so many cores, or so much of what it wants, or a job there "
        "may not have it for so long: ask for less in cores, memory, walltime or "
        "worker.threads, or name another queue"},
    meaning{"PartitionNodeLimit",
            "the partition does not give a job so many nodes: lower nodes_per_job"},
    meaning{"PartitionTimeLimit",
            "the partition does not let a job run so long: lower walltime, or name another queue"},
    meaning{"BadConstraints", "no node can have all that it wants: see directives"},
    meaning{"InvalidAccount", "the account is not known: see account"},
    meaning{"InvalidQOS", "the quality of service is not known: see directives"},
    meaning{"AccountNotAllowed", "the partition does not take this account"},
    meaning{"QOSNotAllowed", "the partition does not take this quality of service"},
    meaning{"DependencyNeverSatisfied", "it waits for a job that can no longer do what it should"},
    meaning{"QOSMaxJobsPerUserLimit", "you have as many jobs there as you may"},
    meaning{"AssocMaxJobsLimit", "the account has as many jobs as it may"},
    meaning{"AssocGrpCpuLimit", "the account uses as many cores as it may"},
    meaning{"QOSMaxCpuPerUserLimit", "you use as many cores there as you may"}};

const char* slurm_meaning(const std::string& reason) {
  // "ReqNodeNotAvail, UnavailableNodes:n2"
  const auto word = reason.substr(0, reason.find_first_of(", "));
  for (const auto& one : slurm_words)
    if (word == one.reason) return one.words;
  if (reason.find("MaxWallDuration") != std::string::npos)
    return "you may not have a job that runs so long: lower walltime";
  if (reason.find("PerJob") != std::string::npos)
    return "you may not have so much in one job: ask for less";
  if (reason.rfind("QOS", 0) == 0 || reason.rfind("Assoc", 0) == 0)
    return "a limit of your account or quality of service is reached";
  return nullptr;
}

/// The first run of digits behind `mark`; digits alone if the mark is empty.
std::string digits_behind(std::string_view text, std::string_view mark) {
  const auto found = text.find(mark);
  if (found == std::string_view::npos) return {};
  text.remove_prefix(found + mark.size());
  const auto* const first =
      std::find_if(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  const auto* const last =
      std::find_if(first, text.end(), [](unsigned char c) { return std::isdigit(c) == 0; });
  return {first, last};
}

/// What comes behind the sequence number: "[].server".
std::string rest_behind(std::string_view text, const std::string& digits) {
  const auto word = text.substr(text.find(digits) + digits.size());
  return std::string(word.substr(0, word.find_first_of(" \t\r\n;")));
}

std::string element(batch_system system, const std::string& base, const std::string& rest,
                    std::uint32_t number) {
  switch (system) {
    case batch_system::slurm:
      return base + "_" + std::to_string(number);
    case batch_system::pbs:
      // "12[].server"
      return base + "[" + std::to_string(number) + "]" +
             (rest.rfind("[]", 0) == 0 ? rest.substr(2) : rest);
    case batch_system::sge:
    case batch_system::htcondor:
      return base + "." + std::to_string(system == batch_system::sge ? number + 1 : number);
    default:
      return base + "[" + std::to_string(number + 1) + "]";
  }
}

/// OAR gives each job of an array an id of its own: OAR_JOB_ID=12, a line each.
std::vector<std::string> oar_ids(std::string_view output) {
  std::vector<std::string> ids;
  for (const auto line : lines_of(output))
    if (auto id = digits_behind(line, "OAR_JOB_ID="); !id.empty()) ids.push_back(std::move(id));
  return ids;
}

}  // namespace

std::string explain(batch_system system, const job_report& job) {
  if (job.reason.empty()) return {};
  if (system == batch_system::slurm && job.at == phase::pending)
    if (const auto* words = slurm_meaning(job.reason)) return job.reason + ": " + words;
  if (system == batch_system::sge && job.impossible)
    return "error state: it could not be started; `qstat -explain E` and `qstat -j " +
           sequence_of(job.id) + "` say why, `qmod -cj` lets it try again";
  return job.reason;
}

result<std::vector<std::string>> parse_submitted(batch_system system, std::string_view output,
                                                 std::uint32_t count) {
  constexpr std::array<const char*, 7> marks{"", "", "", "Job <", "", "", "OAR_JOB_ID="};
  if (system == batch_system::oar) {
    auto ids = oar_ids(output);
    if (!ids.empty()) return ids;
    return not_understood("the command that submits", trimmed(output));
  }
  // Wrappers may print first what they think of a job: the last line has the id.
  const auto lines = lines_of(output);
  const auto* const mark = marks.at(static_cast<std::size_t>(system));
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    auto id = digits_behind(*line, mark);
    if (id.empty()) continue;
    const auto rest = rest_behind(*line, id);
    // "Moab.12" and "12.server" are whole.
    if (system == batch_system::moab) id = std::string(trimmed(*line));
    if (count <= 1) {
      if (system == batch_system::htcondor) return std::vector<std::string>{id + ".0"};
      return std::vector<std::string>{system == batch_system::pbs ? id + rest : id};
    }
    std::vector<std::string> ids;
    for (std::uint32_t number = 0; number < count; ++number)
      ids.push_back(element(system, id, rest, number));
    return ids;
  }
  return not_understood("the command that submits", trimmed(output));
}

}  // namespace troupe::backends::jobqueue
