#include <utility>

#include "backends/jobqueue/report_text.hpp"

namespace troupe::backends::jobqueue {

namespace {

using phase = launch_status::phase;

launch_failure failure_of(const std::string& reason) {
  const auto has = [&](const char* word) { return reason.find(word) != std::string::npos; };
  if (has("TERM_RUNLIMIT") || has("TERM_DEADLINE")) return launch_failure::walltime;
  if (has("TERM_MEMLIMIT") || has("TERM_SWAP")) return launch_failure::out_of_memory;
  if (has("TERM_PREEMPT")) return launch_failure::preempted;
  if (has("TERM_OWNER") || has("TERM_ADMIN") || has("TERM_FORCE")) return launch_failure::cancelled;
  if (has("TERM_ZOMBIE") || has("TERM_RC")) return launch_failure::node_failure;
  return launch_failure::exit_code;
}

void set_state(job_report& job, const std::string& word) {
  job.word = word;
  if (word == "PEND" || word == "PSUSP" || word == "WAIT") {
    job.at = phase::pending;
  } else if (word == "DONE") {
    job.at = phase::gone;
  } else if (word == "EXIT") {
    job.at = phase::gone;
    job.failure = failure_of(job.reason);
  } else if (word == "ZOMBI") {
    job.at = phase::gone;
    job.failure = launch_failure::node_failure;
  } else {
    job.at = phase::running;  // RUN, USUSP, SSUSP, UNKWN: nobody knows, so it may well run.
  }
}

/// "name[3]"
void take_index(job_report& job) {
  const auto open = job.name.rfind('[');
  if (open == std::string::npos || job.name.back() != ']') return;
  const auto index =
      number_of(std::string_view(job.name).substr(open + 1, job.name.size() - open - 2));
  if (!index || *index < 0 || *index > UINT32_MAX) return;
  job.index = static_cast<std::uint32_t>(*index);
  job.name.resize(open);
  if (job.index > 0) job.id += "[" + std::to_string(job.index) + "]";
}

}  // namespace

job_reports parse_bjobs_json(std::string_view text) {
  if (trimmed(text).empty()) return std::vector<job_report>();
  auto read = read_json("bjobs", text);
  if (!read) return read.error();
  std::vector<job_report> jobs;
  if (!read->is_object() || !read->contains("RECORDS") || !(*read)["RECORDS"].is_array())
    return not_understood("bjobs", trimmed(text));
  for (const auto& about : (*read)["RECORDS"]) {
    // "Job <12> is not found", as a record.
    if (about.is_object() && about.contains("ERROR")) continue;
    job_report job;
    job.id = text_in(about, "JOBID");
    if (!number_of(job.id)) return not_understood("bjobs", about.dump());
    job.name = text_in(about, "JOB_NAME");
    take_index(job);
    job.exit_code = number_in(about, "EXIT_CODE");
    job.node = text_in(about, "EXEC_HOST");
    const auto pending = text_in(about, "PEND_REASON");
    job.reason = pending.empty() ? text_in(about, "EXIT_REASON") : pending;
    set_state(job, text_in(about, "STAT"));
    jobs.push_back(std::move(job));
  }
  return jobs;
}

job_reports parse_bjobs_table(std::string_view text) {
  std::vector<job_report> jobs;
  for (const auto line : lines_of(text)) {
    const auto words = words_of(line);
    if (words.front() == "JOBID" || words.front() == "No") continue;
    // JOBID USER STAT QUEUE FROM_HOST [EXEC_HOST] JOB_NAME SUBMIT_TIME (three words)
    if (words.size() < 9 || !number_of(words[0])) return not_understood("bjobs", line);
    job_report job;
    job.id = std::string(words[0]);
    job.name = std::string(words[words.size() - 4]);
    take_index(job);
    set_state(job, std::string(words[2]));
    jobs.push_back(std::move(job));
  }
  return jobs;
}

}  // namespace troupe::backends::jobqueue
