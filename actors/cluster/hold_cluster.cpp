#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include "actors/cluster/held_cluster.hpp"
#include "actors/cluster/places.hpp"
#include "actors/cluster/running_cluster.hpp"
#include "actors/worker/until_signal.hpp"
#include "backends/process.hpp"
#include "config/environment.hpp"
#include "config/load.hpp"

// The other side of held_cluster.

namespace troupe {

namespace {

namespace fs = std::filesystem;

constexpr auto beat = std::chrono::milliseconds(50);

/// The owner's end ends us in order, and not at once as a worker: jobs have to be cancelled.
backends::descriptor take_lifeline() {
  const auto text = variable(process_environment(), "TROUPE_LIFELINE_FD");
  return text.empty() ? backends::descriptor() : backends::descriptor(std::atoi(text.c_str()));
}

/// All that the owner was told is in the file; jobs would inherit these.
void forget_variables() {
  for (const auto& [name, text] : process_environment())
    if (name.rfind("TROUPE_", 0) == 0) unsetenv(name.c_str());
}

bool closed(const backends::descriptor& lifeline) {
  pollfd one{lifeline.number(), POLLIN, 0};
  return lifeline && poll(&one, 1, 0) > 0;
}

void hold(running_cluster& cluster, const until_signal& stop, const backends::descriptor& lifeline,
          std::chrono::nanoseconds idle_max) {
  auto& workers = cluster.workers();
  while (!stop.came_within(beat) && !closed(lifeline) && !workers.end_was_asked())
    if (idle_max.count() > 0 && workers.idle() >= idle_max) return;
}

}  // namespace

int hold_cluster(const std::string& file,
                 const std::function<void(task_registry&)>& register_tasks) {
  int code = 0;
  const auto lifeline = take_lifeline();
  forget_variables();
  try {
    auto loaded = load_config({.file = file}).value();
    log_for_operators(loaded);
    const auto& options = loaded.values;
    const until_signal stop;
    running_cluster cluster(
        {options, place_to_listen(options), register_tasks, fs::path(file).stem().string(), true});
    hold(cluster, stop, lifeline, options.cluster.idle_timeout);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    code = 2;
  }
  if (code != 0) return code;  // Who started us reads the log.
  std::error_code ignored;
  fs::remove(file, ignored);
  fs::remove(fs::path(file).replace_extension(".log"), ignored);
  return code;
}

}  // namespace troupe
