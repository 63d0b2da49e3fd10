#include "bench/meter.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <unistd.h>
#include <utility>

namespace bench {

namespace {

std::string proc(pid_t id, const char* file) {
  return "/proc/" + std::to_string(id) + "/" + file;
}

/// CPU that the machine used, and CPU that its host kept from it.
std::pair<double, double> machine_seconds() {
  std::ifstream in("/proc/stat");
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
  in >> name >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal;
  const auto per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  return {(user + nice + system + irq + softirq) / per_second, steal / per_second};
}

}  // namespace

double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

double cpu_seconds(pid_t id) {
  clockid_t of{};
  timespec t{};
  if (clock_getcpuclockid(id, &of) != 0 || clock_gettime(of, &t) != 0) return 0;
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double status_mib(pid_t id, const std::string& field) {
  std::ifstream in(proc(id, "status"));
  for (std::string line; std::getline(in, line);)
    if (line.rfind(field + ":", 0) == 0)
      return std::strtod(line.c_str() + field.size() + 1, nullptr) / 1024;
  return 0;
}

meter::meter(processes who) : who_(std::move(who)) {
  for (const auto& [role, ids] : who_)
    for (const pid_t id : ids) {
      std::ofstream(proc(id, "clear_refs")) << "5";  // The peak starts at what is used now.
      before_[role].cpu_s += cpu_seconds(id);
      before_[role].rss_mib += status_mib(id, "VmRSS");
    }
  std::tie(busy_before_s_, stolen_before_s_) = machine_seconds();
  start_ = clock::now();
}

measurement meter::stop(double tasks) const {
  const double total = seconds_since(start_);
  measurement found{{{"total_s", total}}, {}};
  double ours = 0;
  for (const auto& [role, ids] : who_) {
    double cpu = -before_.at(role).cpu_s;
    double growth = -before_.at(role).rss_mib;
    for (const pid_t id : ids) {
      cpu += cpu_seconds(id);
      growth += status_mib(id, "VmHWM");
    }
    ours += cpu;
    found.values[role + "_cpu_s"] = cpu;
    found.values[role + "_hwm_growth_mb"] = growth;
    if (tasks > 0 && role == "sched") {
      found.values["sched_cpu_us_per_task"] = cpu * 1e6 / tasks;
      found.values["sched_bytes_per_task"] = growth * 1048576 / tasks;
    }
  }
  if (tasks > 0) {
    found.values["tasks_per_s"] = tasks / total;
    found.values["cpu_us_per_task"] = ours * 1e6 / tasks;
  }
  const auto [busy, stolen] = machine_seconds();
  const double span = std::max(total, 0.02);
  if (!who_.empty())
    found.noise["other_cpu_pct"] = std::max(0.0, 100 * (busy - busy_before_s_ - ours) / span);
  found.noise["steal_pct"] = 100 * (stolen - stolen_before_s_) / span;
  double load[1] = {0};
  if (getloadavg(load, 1) == 1) found.noise["load1"] = load[0];
  return found;
}

}  // namespace bench
