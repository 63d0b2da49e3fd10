#include <pugixml.hpp>
#include <utility>

#include "backends/jobqueue/report_text.hpp"

namespace troupe::backends::jobqueue {

namespace {

using phase = launch_status::phase;

void set_condor_state(job_report& job, std::int64_t number, const nlohmann::json& about) {
  constexpr std::int64_t over_duration = 46;  // Its HoldReasonCode.
  switch (number) {
    case 1:
      job.word = "idle";
      job.at = phase::pending;
      return;
    case 3:
      job.word = "removed";
      job.at = phase::gone;
      job.failure = launch_failure::cancelled;
      job.reason = text_in(about, "RemoveReason");
      return;
    case 4:
      job.word = "completed";
      job.at = phase::gone;
      job.exit_code = number_in(about, "ExitCode");
      if (text_in(about, "ExitBySignal") == "true" || job.exit_code.value_or(0) != 0)
        job.failure = launch_failure::exit_code;
      return;
    case 5:
      job.word = "held";
      job.reason = text_in(about, "HoldReason");
      job.at = phase::pending;
      // 1 and 15: somebody wanted it so, and can let it go again.
      job.impossible =
          number_in(about, "HoldReasonCode") != 1 && number_in(about, "HoldReasonCode") != 15;
      if (number_in(about, "HoldReasonCode") == over_duration) {
        job.at = phase::gone;
        job.impossible = false;
        job.failure = launch_failure::walltime;
      }
      return;
    default:  // 2 runs, 6 sends its output, 7 is suspended.
      job.word = number == 2 ? "running" : number == 7 ? "suspended" : "ending";
      job.at = phase::running;
  }
}

void set_oar_state(job_report& job, const std::string& word) {
  job.word = word;
  if (word == "Waiting" || word == "Hold" || word == "toAckReservation" || word == "Resuming")
    job.at = phase::pending;
  else if (word == "toLaunch" || word == "Launching")
    job.at = phase::starting;
  else if (word == "Terminated" || word == "Error" || word == "toError")
    job.at = phase::gone;
  else
    job.at = phase::running;  // Running, Finishing, Suspended.
  if (job.at != phase::gone) return;
  if (word != "Terminated" || job.exit_code.value_or(0) != 0)
    job.failure = launch_failure::exit_code;
  const auto has = [&](const char* part) { return job.reason.find(part) != std::string::npos; };
  if (has("WALLTIME")) job.failure = launch_failure::walltime;
  if (has("FRAG_JOB")) job.failure = launch_failure::cancelled;
}

void set_moab_state(job_report& job, const std::string& word, const std::string& code) {
  job.word = word;
  if (word == "Idle" || word == "Hold" || word == "BatchHold" || word == "UserHold" ||
      word == "SystemHold" || word == "Deferred" || word == "Blocked" || word == "NotQueued")
    job.at = phase::pending;
  else if (word == "Starting")
    job.at = phase::starting;
  else if (word == "Completed" || word == "Removed" || word == "Vacated")
    job.at = phase::gone;
  else
    job.at = phase::running;
  job.impossible = word == "BatchHold";
  if (word == "Removed") job.failure = launch_failure::cancelled;
  if (word == "Vacated") job.failure = launch_failure::preempted;
  job.exit_code = number_of(code);
  if (word == "Completed" && job.exit_code.value_or(0) != 0)
    job.failure = launch_failure::exit_code;
}

}  // namespace

job_reports parse_condor_json(std::string_view text) {
  if (trimmed(text).empty()) return std::vector<job_report>();
  auto read = read_json("condor_q", text);
  if (!read) return read.error();
  if (!read->is_array()) return not_understood("condor_q", trimmed(text));
  std::vector<job_report> jobs;
  for (const auto& about : *read) {
    const auto cluster = number_in(about, "ClusterId");
    const auto process = number_in(about, "ProcId");
    const auto state = number_in(about, "JobStatus");
    if (!cluster || !process || !state || *process < 0 || *process > UINT32_MAX)
      return not_understood("condor_q", about.dump(-1, ' ', true));
    job_report job;
    job.id = std::to_string(*cluster) + "." + std::to_string(*process);
    job.index = static_cast<std::uint32_t>(*process);
    job.name = text_in(about, "JobBatchName");
    job.node = text_in(about, "RemoteHost");
    set_condor_state(job, *state, about);
    jobs.push_back(std::move(job));
  }
  return jobs;
}

job_reports parse_oarstat_json(std::string_view text) {
  if (trimmed(text).empty()) return std::vector<job_report>();
  auto read = read_json("oarstat", text);
  if (!read) return read.error();
  if (!read->is_object()) return not_understood("oarstat", trimmed(text));
  std::vector<job_report> jobs;
  for (const auto& [id, about] : read->items()) {
    if (!number_of(id) || !about.is_object()) return not_understood("oarstat", id);
    job_report job;
    job.id = id;
    job.name = text_in(about, "name");
    job.reason = text_in(about, "message");
    job.exit_code = number_in(about, "exit_code");
    const auto index = number_in(about, "array_index").value_or(0);
    if (index > 0 && index <= UINT32_MAX) job.index = static_cast<std::uint32_t>(index);
    set_oar_state(job, text_in(about, "state"));
    if (const auto start = number_in(about, "scheduledStart"); job.at == phase::pending && start)
      job.start_estimate = unix_time(*start);
    jobs.push_back(std::move(job));
  }
  return jobs;
}

job_reports parse_showq_xml(std::string_view text) {
  if (trimmed(text).empty()) return std::vector<job_report>();
  pugi::xml_document document;
  const auto loaded = document.load_buffer(text.data(), text.size());
  const auto root = document.child("Data");
  if (!loaded || !root) return not_understood("showq", trimmed(text));
  std::vector<job_report> jobs;
  for (const auto queue : root.children("queue"))
    for (const auto entry : queue.children("job")) {
      job_report job;
      job.id = entry.attribute("JobID").value();
      if (job.id.empty()) return not_understood("showq", trimmed(text));
      job.name = entry.attribute("JobName").value();
      // "Moab.5[2]"
      if (const auto open = job.id.find('['); open != std::string::npos)
        if (const auto index =
                number_of(std::string_view(job.id).substr(open + 1, job.id.find(']') - open - 1));
            index && *index > 0 && *index <= UINT32_MAX)
          job.index = static_cast<std::uint32_t>(*index);
      job.reason = entry.attribute("BlockReason").value();
      set_moab_state(job, entry.attribute("State").value(),
                     entry.attribute("CompletionCode").value());
      jobs.push_back(std::move(job));
    }
  return jobs;
}

}  // namespace troupe::backends::jobqueue
