#include <map>
#include <utility>

#include "backends/jobqueue/report_text.hpp"

namespace troupe::backends::jobqueue {

namespace {

using phase = launch_status::phase;

/// Both families' letters. Exit codes above are signals: 256 of OpenPBS, 128 of shells.
void set_state(job_report& job, const std::string& letter) {
  job.word = letter;
  const char state = letter.empty() ? '?' : letter[0];
  switch (state) {
    case 'Q':
    case 'H':
    case 'W':
    case 'T':
    case 'M':
      job.at = phase::pending;
      return;
    case 'C':
    case 'F':
    case 'X':
      job.at = phase::gone;
      break;
    default:  // R, E (ends), S, U, B (an array has begun).
      job.at = phase::running;
      return;
  }
  const auto code = job.exit_code.value_or(0);
  if (code == 0) return;
  job.failure = launch_failure::exit_code;
  // PBS's own codes of jobs that it has ended.
  if (code == -29) job.failure = launch_failure::walltime;
  if (code == -27 || code == -28) job.failure = launch_failure::out_of_memory;
  if (code == -5 || code == -12) job.failure = launch_failure::node_failure;
  if (code == 271 || code == 265) job.failure = launch_failure::cancelled;  // TERM, KILL
  if (job.reason.find("walltime") != std::string::npos) job.failure = launch_failure::walltime;
}

/// PBS tells about these in the comment of a job that waits.
bool hopeless(const std::string& comment) {
  return comment.find("Can Never Run") != std::string::npos;
}

/// "12[3].server", "12[3]"; "12[]" is the array itself.
bool set_id(job_report& job, const std::string& id) {
  if (!number_of(sequence_of(id))) return false;
  job.id = id;
  const auto open = id.find('[');
  if (open == std::string::npos) return true;
  const auto index = number_of(std::string_view(id).substr(open + 1, id.find(']') - open - 1));
  if (index && *index >= 0 && *index <= UINT32_MAX) job.index = static_cast<std::uint32_t>(*index);
  return true;
}

bool is_whole_array(const std::string& id) {
  return id.find("[]") != std::string::npos;
}

}  // namespace

job_reports parse_qstat_json(std::string_view text) {
  if (trimmed(text).empty()) return std::vector<job_report>();
  auto read = read_json("qstat", text);
  if (!read) return read.error();
  if (!read->is_object()) return not_understood("qstat", trimmed(text));
  std::vector<job_report> jobs;
  const auto found = read->find("Jobs");
  if (found == read->end()) return jobs;
  if (!found->is_object()) return not_understood("qstat", found->dump());
  for (const auto& [id, about] : found->items()) {
    if (is_whole_array(id)) continue;
    job_report job;
    if (!set_id(job, id) || !about.is_object()) return not_understood("qstat", id);
    job.name = text_in(about, "Job_Name");
    job.reason = text_in(about, "comment");
    job.exit_code = number_in(about, "Exit_status");
    job.node = text_in(about, "exec_host");
    set_state(job, text_in(about, "job_state"));
    job.impossible = job.at == phase::pending && hopeless(job.reason);
    if (const auto estimated = about.find("estimated"); estimated != about.end())
      if (const auto start = number_in(*estimated, "start_time"); job.at == phase::pending && start)
        job.start_estimate = unix_time(*start);
    jobs.push_back(std::move(job));
  }
  return jobs;
}

job_reports parse_qstat_full(std::string_view text) {
  std::vector<std::pair<std::string, std::map<std::string, std::string>>> records;
  for (const auto line : lines_of(text)) {
    constexpr std::string_view head = "Job Id:";
    const auto clean = trimmed(line);
    if (clean.substr(0, head.size()) == head) {
      records.emplace_back(std::string(trimmed(clean.substr(head.size()))),
                           std::map<std::string, std::string>());
      continue;
    }
    if (records.empty()) return not_understood("qstat", line);
    const auto equals = clean.find(" = ");
    // Long values go on in the next line, which has no " = ".
    if (equals == std::string_view::npos) continue;
    records.back().second.emplace(std::string(clean.substr(0, equals)),
                                  std::string(clean.substr(equals + 3)));
  }
  std::vector<job_report> jobs;
  for (auto& [id, about] : records) {
    if (is_whole_array(id)) continue;
    job_report job;
    if (!set_id(job, id)) return not_understood("qstat", id);
    job.name = about["Job_Name"];
    job.reason = about["comment"];
    job.exit_code =
        number_of(about["exit_status"].empty() ? about["Exit_status"] : about["exit_status"]);
    job.node = about["exec_host"];
    set_state(job, about["job_state"]);
    jobs.push_back(std::move(job));
  }
  return jobs;
}

std::string sequence_of(const std::string& id) {
  return id.substr(0, id.find_first_not_of("0123456789"));
}

}  // namespace troupe::backends::jobqueue
