#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include "actors/cluster/attached_cluster.hpp"
#include "actors/cluster/places.hpp"
#include "actors/cluster/running_cluster.hpp"
#include "actors/tool/doctor.hpp"
#include "actors/worker/node_report.hpp"
#include "actors/worker/until_signal.hpp"
#include "config/connection_file.hpp"

// `troupe doctor --node`: the same way as real workers go, there and back.

namespace troupe::tool {

namespace {

namespace fs = std::filesystem;
using clock = std::chrono::system_clock;
using facts = std::map<std::string, std::string>;

constexpr auto beat = std::chrono::milliseconds(100);
constexpr auto told_every = std::chrono::seconds(10);

config one_launch_each(config options) {
  const auto shrink = [](cluster_options& c) {
    c.workers = c.workers_per_launch;
    c.adapt_max = 0;
  };
  shrink(options.cluster);
  for (auto& group : options.groups)
    shrink(group.cluster);
  options.cluster.scheduler = "owner";
  options.cluster.keep = false;
  options.cluster.name = "doctor-" + std::to_string(getpid());
  return options;
}

/// A file that machines with the same home can read.
class shared_probe {
public:
  explicit shared_probe(fs::path folder) : path_(std::move(folder)) {
    if (path_.empty()) return;
    path_ /= ".doctor-" + std::to_string(getpid());
    std::ofstream(path_) << content();
  }

  shared_probe(const shared_probe&) = delete;
  shared_probe& operator=(const shared_probe&) = delete;

  ~shared_probe() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }

  std::string path() const { return path_.string(); }

  static std::string content() { return std::to_string(getpid()); }

private:
  fs::path path_;
};

/// How a launch failed, if one has.
std::optional<std::string> failure_in(const owner_view& seen) {
  if (!seen.hopeless.empty()) return seen.hopeless;
  for (const auto& one : seen.launches)
    if (one.state == launch_state::failed || one.state == launch_state::lost)
      return "launch " + launch_label(one.group, one.number) + " (" + one.id +
             ") ended: " + one.words;
  return std::nullopt;
}

/// False if that cannot be, or a signal came.
bool wait_for_workers(report& to, running_cluster& cluster) {
  const until_signal stop;
  auto& workers = cluster.workers();
  auto tell = clock::now() + told_every;
  while (!workers.wait_for(workers.wanted(), beat)) {
    const auto seen = workers.view();
    if (const auto why = failure_in(seen)) {
      to.bad("node", *why);
      std::cout << "       a worker must run there, and reach " << cluster.address()
                << " from there: see the job's words, scheduler.interface, and which ports a "
                   "firewall leaves open (scheduler.listen)\n";
      return false;
    }
    if (stop.came_within(std::chrono::nanoseconds(0))) {
      to.bad("node", "ended before a worker was there: " + seen.words);
      return false;
    }
    if (clock::now() < tell) continue;
    tell = clock::now() + told_every;
    std::string why;
    for (const auto& one : seen.launches)
      if (!one.words.empty()) why = "; " + one.id + ": " + one.words;
    std::cout << "       waits: " << seen.words << why << std::endl;
  }
  return true;
}

std::string only_in(const std::string& some, const std::string& others) {
  std::string lines;
  for (std::size_t from = 0; from < some.size();) {
    const auto end = some.find('\n', from) + 1;
    if (const auto line = some.substr(from, end - from);
        ("\n" + others).find("\n" + line) == std::string::npos)
      lines += (lines.empty() ? "" : ", ") + line.substr(0, line.size() - 1);
    from = end;
  }
  return lines;
}

void compare(report& to, const std::string& worker, facts here, facts there,
             std::chrono::nanoseconds skew) {
  const auto what = "node of worker " + worker;
  const auto found = there["host"] + ", troupe " + there["release"] + ", libc " + there["libc"];
  const auto missing = only_in(here["libraries"], there["libraries"]);
  const auto other = only_in(there["libraries"], here["libraries"]);
  bool same = true;
  const auto warn = [&](const std::string& problem, const std::string& advice) {
    same = false;
    to.warn(what, found + ": " + problem, advice);
  };
  if (!missing.empty() || !other.empty())
    warn("libraries differ: here " + (missing.empty() ? "-" : missing) + ", there " +
             (other.empty() ? "-" : other),
         "run the same system on both");
  if (skew > skew_max)
    warn("its clock is " +
             std::to_string(std::chrono::duration_cast<std::chrono::seconds>(skew).count()) +
             " s away from ours",
         clock_advice);
  if (there["probe"] != shared_probe::content())
    warn("it does not see " + clusters_folder().string(),
         "certificates of a cluster lie there: share the home, or set [security] by hand");
  if (same) to.good(what, found + "; same libraries, same clock, and the shared folder is seen");
}

}  // namespace

void check_nodes(report& to, const config& from) {
  const auto options = one_launch_each(from);
  const shared_probe probe(clusters_folder());
  running_cluster cluster({options, place_to_listen(options), {}, {}, true});
  if (!wait_for_workers(to, cluster)) return;
  const auto names = attached_cluster(options.cluster.name, options).look().value().workers;
  const auto client = cluster.connect();
  const auto here = node_report(probe.path());
  for (const auto& worker : names) {
    const auto before = clock::now();
    const auto there =
        client.with({.workers = {worker.name}}).submit(node_task, probe.path()).get();
    const auto after = clock::now();
    const clock::time_point then{std::chrono::duration_cast<clock::duration>(
        std::chrono::nanoseconds(std::stoll(there.at("clock_ns"))))};
    const auto skew = then < before  ? before - then
                      : then > after ? then - after
                                     : clock::duration();
    compare(to, worker.name, here, there, skew);
  }
}

}  // namespace troupe::tool
