#include <algorithm>
#include <pugixml.hpp>
#include <utility>

#include "backends/jobqueue/report_text.hpp"

namespace troupe::backends::jobqueue {

namespace {

using phase = launch_status::phase;

/// More jobs of one array than any system takes: a range that says so is a mistake.
constexpr std::int64_t tasks_max = 1'000'000;

struct range {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t step = 1;
};

/// "4", "1-10:1", as in "1-3:1,7".
std::optional<range> range_of(std::string_view text) {
  range read;
  const auto colon = text.find(':');
  const auto bounds = split(text.substr(0, colon), '-');
  const auto first = number_of(bounds.front());
  const auto last = number_of(bounds.back());
  if (!first || !last || bounds.size() > 2) return std::nullopt;
  read.first = *first;
  read.last = *last;
  if (colon != std::string_view::npos) read.step = number_of(text.substr(colon + 1)).value_or(0);
  if (read.first < 0 || read.step < 1 || read.last - read.first > tasks_max) return std::nullopt;
  return read;
}

/// "qw", "hqw", "Eqw", "t", "r", "dr", "Rr", "s": letters add up.
void set_state(job_report& job, const std::string& letters) {
  job.word = letters;
  const auto has = [&](char letter) { return letters.find(letter) != std::string::npos; };
  job.at = has('r') || has('s') || has('S') || has('T') ? phase::running
           : has('t')                                   ? phase::starting
                                                        : phase::pending;
  if (has('E')) {
    // It could not be started, and stays so until somebody clears it.
    job.at = phase::pending;
    job.impossible = true;
    job.reason = "error state";
  } else if (has('h')) {
    job.reason = "held";
  }
}

bool add_tasks(std::vector<job_report>& to, const job_report& job, std::string_view tasks) {
  for (const auto part : split(tasks, ',')) {
    const auto read = range_of(trimmed(part));
    if (!read) return false;
    for (auto task = read->first; task <= read->last; task += read->step) {
      auto one = job;
      one.index = static_cast<std::uint32_t>(task);
      one.id = job.id + "." + std::to_string(task);
      to.push_back(std::move(one));
    }
  }
  return true;
}

/// The last text of a record of qacct: "failed  100 : assumedly after job".
void set_end(job_report& job, const std::string& failed, std::int64_t status) {
  job.word = "ended";
  job.at = phase::gone;
  job.exit_code = status;
  const auto code = number_of(words_of(failed).empty() ? "" : words_of(failed).front()).value_or(0);
  if (code != 0) job.reason = failed;
  if (code == 0 && status != 0) job.failure = launch_failure::exit_code;
  // It was killed from outside: 137 is for its time or memory, or by qdel.
  if (code == 37 || code == 38) job.failure = launch_failure::walltime;
  if (code == 100) job.failure = launch_failure::cancelled;
  if (code == 19 || code == 21) job.failure = launch_failure::node_failure;
  if (job.failure == launch_failure::none && code != 0)
    job.failure = launch_failure::failed_to_start;
}

}  // namespace

job_reports parse_qstat_xml(std::string_view text) {
  if (trimmed(text).empty()) return std::vector<job_report>();
  pugi::xml_document document;
  const auto loaded = document.load_buffer(text.data(), text.size());
  const auto root = document.child("job_info");
  if (!loaded || !root) return not_understood("qstat", trimmed(text));
  std::vector<job_report> jobs;
  // Those that have a host are in <queue_info>, the others in an inner <job_info>.
  for (const auto part : root.children())
    for (const auto entry : part.children("job_list")) {
      job_report job;
      job.id = entry.child_value("JB_job_number");
      if (!number_of(job.id)) return not_understood("qstat", job.id);
      job.name = entry.child_value("JB_name");
      job.node = entry.child_value("queue_name");
      set_state(job, entry.child_value("state"));
      const std::string tasks = entry.child_value("tasks");
      if (tasks.empty())
        jobs.push_back(std::move(job));
      else if (!add_tasks(jobs, job, tasks))
        return not_understood("qstat", tasks);
    }
  return jobs;
}

job_reports parse_qacct(std::string_view text) {
  std::vector<job_report> jobs;
  std::string failed;
  std::string status;
  std::string number;
  std::string task;
  std::string name;
  bool in_record = false;
  const auto finish = [&] {
    if (!in_record) return true;
    if (!number_of(number)) return false;
    job_report job;
    job.id = number;
    job.name = name;
    if (const auto index = number_of(task); index && *index > 0 && *index <= UINT32_MAX) {
      job.index = static_cast<std::uint32_t>(*index);
      job.id += "." + task;
    }
    set_end(job, failed, number_of(status).value_or(0));
    jobs.push_back(std::move(job));
    return true;
  };
  for (const auto line : lines_of(text)) {
    if (line.substr(0, 10) == "==========") {
      if (!finish()) return not_understood("qacct", line);
      in_record = true;
      failed = status = number = task = name = "";
      continue;
    }
    // What comes before the first record is a complaint, which is no report.
    if (!in_record) continue;
    const auto blank = std::min(line.find(' '), line.size());
    const auto key = line.substr(0, blank);
    const auto value = std::string(trimmed(line.substr(blank)));
    if (key == "jobnumber") number = value;
    if (key == "jobname") name = value;
    if (key == "taskid") task = value;
    if (key == "failed") failed = value;
    if (key == "exit_status") status = value;
  }
  if (!finish()) return not_understood("qacct", text);
  return jobs;
}

}  // namespace troupe::backends::jobqueue
