#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <unistd.h>

#include "actors/cluster/scheduler_service.hpp"
#include "actors/runtime/runtime.hpp"
#include "actors/tool/arguments.hpp"
#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"
#include "actors/worker/until_signal.hpp"
#include "serialization/release.hpp"

namespace troupe::tool {

namespace {

int run(config options) {
  const until_signal stop;
  if (options.cluster.name.empty()) options.cluster.name = "scheduler-" + std::to_string(getpid());
  runtime::node node(options);
  const auto service =
      scheduler_service::start(node, {options.cluster.name, options.scheduler.listen}).value();
  const auto& address = service->address();
  std::printf("scheduler '%s' at %s, troupe %s\n", options.cluster.name.c_str(), address.c_str(),
              release().c_str());
  const auto& file = options.scheduler.connection_file;
  const auto& contact = file.empty() ? address : file;
  std::printf("  troupe worker %s --library LIB.so   adds a worker\n", contact.c_str());
  std::printf("  troupe status %s                    shows what it does\n", contact.c_str());
  std::fflush(stdout);
  stop.wait();
  return exit_good;
}

}  // namespace

void add_scheduler_command(CLI::App& app, invocation& chosen) {
  auto* command = app.add_subcommand("scheduler", "Run a scheduler, without workers");
  auto listen = std::make_shared<listen_arguments>();
  listen->declare(*command);
  command->callback([&chosen, listen] {
    chosen.run = [&chosen, listen] {
      auto loaded = load_config(chosen.request).value();
      log_for_operators(loaded);
      listen->apply(loaded.values.scheduler);
      return run(std::move(loaded.values));
    };
  });
}

}  // namespace troupe::tool
