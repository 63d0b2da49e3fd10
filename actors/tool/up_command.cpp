#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>

#include "actors/cluster/running_cluster.hpp"
#include "actors/tool/arguments.hpp"
#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"
#include "actors/tool/until_signal.hpp"

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

int run(const config& options) {
  const until_signal stop;
  running_cluster cluster({options, options.scheduler.listen});
  if (!wait_for_workers(cluster, stop, options.cluster.start_timeout)) return exit_good;
  const auto& address = cluster.address();
  std::cout << cluster.summary() << "\n"
            << "  TROUPE_SCHEDULER=" << address << " lets programs find it\n"
            << "  troupe status " << address << " shows what it does; Ctrl-C ends it\n"
            << std::flush;
  stop.wait();
  return exit_good;
}

}  // namespace

void add_up_command(CLI::App& app, invocation& chosen) {
  auto* command =
      app.add_subcommand("up", "Run the cluster of the configuration: a scheduler and its workers");
  auto listen = std::make_shared<listen_arguments>();
  listen->declare(*command);
  command->callback([&chosen, listen] {
    chosen.run = [&chosen, listen] {
      auto loaded = load_config(chosen.request).value();
      log_for_operators(loaded);
      listen->apply(loaded.values.scheduler);
      return run(loaded.values);
    };
  });
}

}  // namespace troupe::tool
