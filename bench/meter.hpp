#pragma once

#include <chrono>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace bench {

using clock = std::chrono::steady_clock;
using metrics = std::map<std::string, double>;

/// The processes of a run, by role: "sched", "worker", "client".
using processes = std::map<std::string, std::vector<pid_t>>;

double seconds_since(clock::time_point);

/// What one repetition found, and what the rest of the machine did meanwhile.
struct measurement {
  metrics values;
  metrics noise;
};

/// CPU of all threads since the start, to the nanosecond. 0 if there is no such process.
double cpu_seconds(pid_t);

/// A line of /proc/PID/status, as "VmRSS".
double status_mib(pid_t, const std::string& field);

/// Time, CPU and peak memory from its making to stop().
class meter {
public:
  explicit meter(processes);

  /// `total_s`, and for each role `<role>_cpu_s` and `<role>_hwm_growth_mb`; with `tasks` also what
  /// one task took of it. Timed to here.
  measurement stop(double tasks = 0) const;

private:
  struct usage {
    double cpu_s = 0;
    double rss_mib = 0;
  };

  processes who_;
  std::map<std::string, usage> before_;
  double busy_before_s_ = 0;
  double stolen_before_s_ = 0;
  clock::time_point start_;
};

}  // namespace bench
