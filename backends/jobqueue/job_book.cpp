#include "backends/jobqueue/job_book.hpp"

#include <algorithm>
#include <utility>

#include "backends/jobqueue/report_text.hpp"

namespace troupe::backends::jobqueue {

namespace {

using phase = launch_status::phase;

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

void job_book::submitted(const std::vector<std::string>& ids, std::uint64_t first, time_point now) {
  for (const auto& id : ids) {
    entry made;
    made.launch = first++;
    made.last_listed = now;
    made.last.id = id;
    jobs_.emplace(id, std::move(made));
  }
}

void job_book::retired(const std::string& id) {
  if (const auto found = jobs_.find(id); found != jobs_.end()) found->second.retired = true;
}

/// The number at the end of the name is that of the first launch of its array; 0: it is not ours.
std::uint64_t job_book::launch_of(const job_report& job) const {
  if (job.name.rfind(settings_.name_start, 0) != 0) return 0;
  const auto first = number_of(std::string_view(job.name).substr(settings_.name_start.size()));
  if (!first || *first <= 0) return 0;
  const auto offset = job.index >= settings_.index_base ? job.index - settings_.index_base : 0;
  return static_cast<std::uint64_t>(*first) + offset;
}

void job_book::see(entry& known, const job_report& job, time_point now) {
  known.last = job;
  known.last_listed = now;
  known.listed = true;
  if (job.at != phase::running) return;
  if (!known.started) known.started = now;
  known.ran = true;
}

void job_book::listed(const std::vector<job_report>& reports, time_point now, bool all) {
  if (all)
    for (auto& [id, known] : jobs_)
      known.listed = false;
  std::vector<std::string> still_told;
  for (const auto& job : reports) {
    if (contains(told_, job.id)) {
      still_told.push_back(job.id);
      continue;
    }
    if (const auto found = jobs_.find(job.id); found != jobs_.end()) {
      see(found->second, job, now);
      continue;
    }
    const auto launch = launch_of(job);
    if (launch == 0 || job.at == phase::gone) continue;
    const bool twice = std::any_of(jobs_.begin(), jobs_.end(),
                                   [&](const auto& one) { return one.second.launch == launch; });
    if (twice) {
      doubles_.push_back(job.id);
      continue;
    }
    auto& made = jobs_[job.id];
    made.launch = launch;
    see(made, job, now);
  }
  if (all) told_ = std::move(still_told);
}

std::vector<std::string> job_book::missing() const {
  std::vector<std::string> ids;
  for (const auto& [id, known] : jobs_)
    if (!known.listed) ids.push_back(id);
  return ids;
}

std::vector<std::string> job_book::alive() const {
  std::vector<std::string> ids;
  for (const auto& [id, known] : jobs_)
    if (known.last.at != phase::gone) ids.push_back(id);
  return ids;
}

std::vector<std::string> job_book::retired_but_alive() const {
  std::vector<std::string> ids;
  for (const auto& [id, known] : jobs_)
    if (known.retired && known.listed && known.last.at != phase::gone) ids.push_back(id);
  return ids;
}

std::vector<std::string> job_book::take_doubles() {
  return std::exchange(doubles_, {});
}

bool job_book::lost(const entry& known, time_point now) const {
  return !known.listed && now - known.last_listed > settings_.patience;
}

bool job_book::wants_estimate() const {
  return std::any_of(jobs_.begin(), jobs_.end(), [](const auto& one) {
    const auto& job = one.second.last;
    return job.at == phase::pending && !job.start_estimate && !job.impossible && !job.word.empty();
  });
}

launch_status job_book::status_of(const entry& known, time_point now) const {
  const auto& job = known.last;
  launch_status status;
  status.id = job.id;
  status.launch = known.launch;
  status.at = job.at;
  if (job.at == phase::pending) {
    status.reason = explain(settings_.system, job);
    status.impossible = job.impossible;
    status.start_estimate = job.start_estimate;
    if (!status.start_estimate && !job.impossible && estimate_ && *estimate_ > now)
      status.start_estimate = estimate_;
  }
  if (job.at == phase::running) {
    status.deadline = job.deadline;
    if (!status.deadline && known.started && settings_.walltime.count() > 0)
      status.deadline =
          *known.started + std::chrono::duration_cast<time_point::duration>(settings_.walltime);
  }
  if (job.at == phase::gone) {
    status.failure = known.retired ? launch_failure::none : job.failure;
    status.in_order = status.failure == launch_failure::none;
    status.detail = end_of(settings_.system, job);
  }
  return status;
}

std::vector<launch_status> job_book::take(time_point now, bool& changed) {
  std::vector<launch_status> all;
  for (auto at = jobs_.begin(); at != jobs_.end();) {
    auto& known = at->second;
    if (lost(known, now) && known.last.at != phase::gone) {
      // Nobody knows how it ended, so it is no failure if it had to end anyway.
      known.last.failure = known.ran ? launch_failure::none : launch_failure::never_scheduled;
      known.last.word = "no longer in the queue; how it ended is not known";
      known.last.reason.clear();
      known.last.at = phase::gone;
    }
    all.push_back(status_of(known, now));
    if (known.last.at == phase::gone) {
      told_.push_back(at->first);
      at = jobs_.erase(at);
    } else {
      ++at;
    }
  }
  changed = all != before_;
  before_ = all;
  return all;
}

std::string end_of(batch_system system, const job_report& job) {
  auto text = "job " + job.id + (job.node.empty() ? "" : " on " + job.node) + ": " + job.word;
  if (job.exit_code && *job.exit_code != 0) text += ", exit code " + std::to_string(*job.exit_code);
  if (const auto why = explain(system, job); !why.empty() && why != "None") text += ", " + why;
  return text;
}

}  // namespace troupe::backends::jobqueue
