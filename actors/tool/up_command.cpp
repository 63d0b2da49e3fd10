#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>

#include "actors/cluster/held_cluster.hpp"
#include "actors/cluster/places.hpp"
#include "actors/cluster/running_cluster.hpp"
#include "actors/tool/arguments.hpp"
#include "actors/tool/attach.hpp"
#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"
#include "actors/worker/until_signal.hpp"

namespace troupe::tool {

namespace {

/// How soon a signal is heard while workers start.
constexpr auto beat = std::chrono::milliseconds(50);

/// Until all workers are there, or a signal comes: then false. Workers that are late are no
/// failure; that none can be started is.
bool wait_for_workers(running_cluster& cluster, const until_signal& stop,
                      std::chrono::nanoseconds limit) {
  auto& workers = cluster.workers();
  for (auto waited = std::chrono::nanoseconds(0); waited < limit; waited += beat) {
    auto all_there = workers.wait_for(workers.wanted(), beat);
    if (all_there) return true;
    if (all_there.error().code != errc::timeout) throw exception(all_there.error());
    if (stop.came_within(std::chrono::nanoseconds(0))) return false;
  }
  workers.wait_for(1, beat).value();
  return true;
}

/// Until a signal comes, somebody far away wants the end, or nobody has wanted anything for long.
void wait_for_end(running_cluster& cluster, const until_signal& stop,
                  std::chrono::nanoseconds idle_max) {
  auto& workers = cluster.workers();
  while (!stop.came_within(beat)) {
    if (workers.end_was_asked()) {
      std::cout << "ends, as it was told to\n" << std::flush;
      return;
    }
    if (idle_max.count() > 0 && workers.idle() >= idle_max) {
      std::cout << "ends, because nobody has used it for cluster.idle_timeout\n" << std::flush;
      return;
    }
  }
}

/// The cluster is a process of its own, which stays if it is to be kept.
int run_elsewhere(const config& options) {
  const until_signal stop;
  const held_cluster held(options, false);
  attached_cluster cluster(held.name(), options);
  introduce(cluster.summary());
  if (!options.cluster.keep) follow(cluster, stop);
  return exit_good;
}

int run(const config& options) {
  if (options.cluster.scheduler != "owner") return run_elsewhere(options);
  const until_signal stop;
  running_cluster cluster({options, options.scheduler.listen, {}, {}, true});
  if (!wait_for_workers(cluster, stop, options.cluster.start_timeout)) return exit_good;
  const auto& address = cluster.address();
  std::cout << cluster.summary() << "\n"
            << "  TROUPE_SCHEDULER=" << address << " lets programs find it\n"
            << "  troupe status " << address << " shows what it does; Ctrl-C or `troupe down "
            << cluster.summary().name << "` ends it\n"
            << std::flush;
  wait_for_end(cluster, stop, options.cluster.idle_timeout);
  return exit_good;
}

}  // namespace

void add_up_command(CLI::App& app, invocation& chosen) {
  auto* command =
      app.add_subcommand("up", "Run the cluster of the configuration: a scheduler and its workers");
  auto listen = std::make_shared<listen_arguments>();
  listen->declare(*command);
  auto dry = std::make_shared<bool>(false);
  command->add_flag("--dry-run", *dry, "Only show what would be submitted for the first workers");
  command->callback([&chosen, listen, dry] {
    chosen.run = [&chosen, listen, dry] {
      auto loaded = load_config(chosen.request).value();
      log_for_operators(loaded);
      listen->apply(loaded.values.scheduler);
      if (*dry) {
        std::cout << preview_launches(loaded.values).value() << std::flush;
        return exit_good;
      }
      return run(loaded.values);
    };
  });
}

}  // namespace troupe::tool
