#include "actors/cluster/snapshot_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

namespace troupe {

namespace {

using row = std::vector<std::string>;

/// Columns as wide as their widest cell; all but the first `left` to the right.
std::string table(const std::vector<row>& rows, std::size_t left) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& cells : rows)
    for (std::size_t i = 0; i < cells.size(); ++i)
      widths[i] = std::max(widths[i], cells[i].size());
  std::ostringstream out;
  for (const auto& cells : rows) {
    std::ostringstream line;
    for (std::size_t i = 0; i < cells.size(); ++i)
      line << "  " << (i < left ? std::left : std::right) << std::setw(static_cast<int>(widths[i]))
           << cells[i];
    auto text = line.str();
    text.erase(text.find_last_not_of(' ') + 1);
    out << text << "\n";
  }
  return out.str();
}

std::string number(std::uint64_t n) {
  return std::to_string(n);
}

std::string words_of(worker_state state) {
  switch (state) {
    case worker_state::running:
      return "running";
    case worker_state::paused:
      return "paused";
    case worker_state::leaving:
      break;
  }
  return "leaving";
}

row cells_of(const worker_snapshot& w) {
  const auto used = w.memory_used_bytes == 0 ? "-" : rounded_size(w.memory_used_bytes);
  return {w.name,
          w.address.empty() ? "-" : w.address,
          words_of(w.state),
          number(w.threads),
          number(w.runs_assigned),
          number(w.runs_finished),
          number(w.results),
          rounded_size(w.results_bytes),
          w.spilled_bytes == 0 ? "-" : rounded_size(w.spilled_bytes),
          used,
          w.memory_bytes == 0 ? "-" : rounded_size(w.memory_bytes)};
}

std::string workers_text(const cluster_snapshot& s) {
  if (s.workers.empty()) return "\nno workers: start one with `troupe worker " + s.address + "`\n";
  std::vector<row> rows{{"WORKER", "ADDRESS", "STATE", "THREADS", "ASSIGNED", "FINISHED", "RESULTS",
                         "SIZE", "ON DISK", "MEMORY", "OF"}};
  for (const auto& w : s.workers)
    rows.push_back(cells_of(w));
  return "\n" + table(rows, 3);
}

std::string words_of(launch_state state) {
  constexpr std::array names{"submitted", "pending", "starting", "running",
                             "draining",  "stopped", "failed",   "lost"};
  return names.at(static_cast<std::size_t>(state));
}

std::string time_words(const launch_snapshot& l) {
  if (l.in_seconds == 0) return "-";
  return (l.state == launch_state::pending ? "starts in " : "ends in ") +
         rounded_time(l.in_seconds);
}

std::string launches_text(const cluster_snapshot& s) {
  if (s.launches.empty()) return {};
  std::vector<row> rows{{"LAUNCH", "ID", "GROUP", "STATE", "WORKERS", "AGE", "TIME", "WHY"}};
  for (const auto& l : s.launches)
    rows.push_back({number(l.number), l.id.empty() ? "-" : l.id, l.group.empty() ? "-" : l.group,
                    words_of(l.state), number(l.joined) + " of " + number(l.workers),
                    rounded_time(l.since_seconds), time_words(l), l.words});
  return "\n" + table(rows, rows.front().size());
}

}  // namespace

std::string rounded_size(std::uint64_t bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  // From 1023.95 on, one decimal would read 1024.0.
  while (amount >= 1023.95 && unit + 1 < units.size()) {
    amount /= 1024;
    ++unit;
  }
  std::ostringstream out;
  out << std::fixed << std::setprecision(unit == 0 ? 0 : 1) << amount << " " << units[unit];
  return out.str();
}

std::string rounded_time(std::uint64_t seconds) {
  const auto pair = [](std::uint64_t a, const char* x, std::uint64_t b, const char* y) {
    return number(a) + " " + x + " " + number(b) + " " + y;
  };
  if (seconds < 60) return number(seconds) + " s";
  if (seconds < 3600) return pair(seconds / 60, "min", seconds % 60, "s");
  if (seconds < 86400) return pair(seconds / 3600, "h", seconds % 3600 / 60, "min");
  return pair(seconds / 86400, "d", seconds % 86400 / 3600, "h");
}

std::string snapshot_text(const cluster_snapshot& s) {
  std::uint64_t threads = 0;
  std::uint64_t memory = 0;
  for (const auto& w : s.workers) {
    threads += w.threads;
    memory += w.memory_bytes;
  }
  std::ostringstream out;
  out << "scheduler '" << s.scheduler << "' at " << s.address << ", up "
      << rounded_time(s.uptime_seconds) << ", troupe " << s.release << "\n"
      << "workers   " << s.workers.size() << " with " << threads << " threads and "
      << rounded_size(memory) << "\n"
      << "clients   " << s.clients << "\n"
      << "tasks     " << s.tasks_waiting << " waiting, " << s.tasks_queued << " queued, "
      << s.tasks_processing << " processing, " << s.tasks_in_memory << " in memory, "
      << s.tasks_failed << " failed; " << s.runs_finished << " runs finished\n";
  if (!s.pending_reason.empty()) out << "held up   " << s.pending_reason << "\n";
  for (const auto& line : s.stuck)
    out << "stuck     " << line << "\n";
  if (!s.cluster.empty()) out << "cluster   " << s.cluster << "\n";
  return out.str() + workers_text(s) + launches_text(s);
}

std::string snapshot_json(const cluster_snapshot& s) {
  using json = nlohmann::ordered_json;
  json workers = json::array();
  for (const auto& w : s.workers)
    workers.push_back({{"id", w.worker.value},
                       {"name", w.name},
                       {"host", w.host},
                       {"address", w.address},
                       {"pid", w.pid},
                       {"threads", w.threads},
                       {"memory_bytes", w.memory_bytes},
                       {"memory_used_bytes", w.memory_used_bytes},
                       {"results", w.results},
                       {"results_bytes", w.results_bytes},
                       {"runs_assigned", w.runs_assigned},
                       {"runs_finished", w.runs_finished},
                       {"spilled_bytes", w.spilled_bytes},
                       {"state", words_of(w.state)}});
  json launches = json::array();
  for (const auto& l : s.launches)
    launches.push_back({{"number", l.number},
                        {"id", l.id},
                        {"group", l.group},
                        {"state", words_of(l.state)},
                        {"workers", l.workers},
                        {"joined", l.joined},
                        {"words", l.words},
                        {"since_seconds", l.since_seconds},
                        {"in_seconds", l.in_seconds}});
  const json all{{"scheduler", s.scheduler},
                 {"address", s.address},
                 {"release", s.release},
                 {"uptime_seconds", s.uptime_seconds},
                 {"clients", s.clients},
                 {"tasks",
                  {{"waiting", s.tasks_waiting},
                   {"queued", s.tasks_queued},
                   {"processing", s.tasks_processing},
                   {"in_memory", s.tasks_in_memory},
                   {"failed", s.tasks_failed}}},
                 {"runs_finished", s.runs_finished},
                 {"pending_reason", s.pending_reason},
                 {"stuck", s.stuck},
                 {"workers", workers},
                 {"cluster", s.cluster},
                 {"launches", launches}};
  // Names come from other processes: what is not UTF-8 is replaced, not thrown at us.
  return all.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace troupe
