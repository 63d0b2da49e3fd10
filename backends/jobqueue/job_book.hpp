#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <troupe/backend.hpp>

#include "backends/jobqueue/job_report.hpp"

namespace troupe::backends::jobqueue {

/// The jobs of one cluster and group, by what was submitted and what the system lists.
///
/// A job that is gone is told of once. One that the system does not list is not taken for gone at
/// once: many list a job some seconds after they accepted it.
class job_book {
public:
  using time_point = launch_status::time_point;

  struct settings {
    batch_system system = batch_system::slurm;
    std::string name_start;        ///< Of the jobs of this cluster and group.
    std::uint32_t index_base = 0;  ///< Index of an array's first job.
    std::chrono::nanoseconds walltime{0};
    std::chrono::nanoseconds patience = std::chrono::seconds(20);  ///< With what is not listed.
  };

  explicit job_book(settings s) : settings_(std::move(s)) {}

  /// They are launches `first`, first + 1, ...
  void submitted(const std::vector<std::string>& ids, std::uint64_t first, time_point now);

  /// Its end is no failure from now on.
  void retired(const std::string& id);

  /// What the system lists, all of it, or some jobs that have ended.
  void listed(const std::vector<job_report>&, time_point now, bool all);

  /// Jobs of ours that were not in the last list.
  std::vector<std::string> missing() const;

  /// Jobs that are not gone.
  std::vector<std::string> alive() const;

  /// Those that were retired, and are still there.
  std::vector<std::string> retired_but_alive() const;

  /// One that waits, and that the system gives no start for.
  bool wants_estimate() const;

  /// For all of those.
  void estimated(time_point start) { estimate_ = start; }

  /// Two jobs of one launch: the submission of one was thought to have failed.
  std::vector<std::string> take_doubles();

  /// Each job; those that are gone for the last time. `changed` says whether this is not what it
  /// was the last time.
  std::vector<launch_status> take(time_point now, bool& changed);

private:
  struct entry {
    std::uint64_t launch = 0;
    time_point last_listed;
    bool listed = true;
    bool ran = false;
    bool retired = false;
    job_report last = {};
    std::optional<time_point> started = std::nullopt;
  };

  std::uint64_t launch_of(const job_report&) const;
  static void see(entry&, const job_report&, time_point now);
  launch_status status_of(const entry&, time_point now) const;
  bool lost(const entry&, time_point now) const;

  settings settings_;
  std::map<std::string, entry> jobs_;
  std::vector<std::string> doubles_;
  std::vector<std::string> told_;  ///< Gone, but the system still lists them.
  std::vector<launch_status> before_;
  std::optional<time_point> estimate_;
};

/// "job 12_3 on n2: TIMEOUT".
std::string end_of(batch_system, const job_report&);

}  // namespace troupe::backends::jobqueue
