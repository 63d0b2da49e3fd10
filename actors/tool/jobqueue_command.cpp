#include <CLI/CLI.hpp>
#include <cstdint>
#include <iostream>
#include <memory>

#include "actors/cluster/places.hpp"
#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"

namespace troupe::tool {

namespace {

int show_script(const load_request& request, std::uint32_t launches) {
  const auto options = load_config(request).value().values;
  if (options.cluster.type != "jobqueue")
    throw exception({errc::bad_config, "there is no job script, because cluster.type is " +
                                           options.cluster.type +
                                           "; for a batch queue it is jobqueue"});
  std::cout << preview_launches(options, launches).value() << std::flush;
  return exit_good;
}

}  // namespace

void add_jobqueue_command(CLI::App& app, invocation& chosen) {
  auto* command = app.add_subcommand("jobqueue", "Jobs of a batch queue");
  command->require_subcommand(1);
  auto* script = command->add_subcommand("script", "Print the job script, and submit nothing");
  auto launches = std::make_shared<std::uint32_t>(1);
  script->add_option("--launches", *launches, "For an array of so many (default: 1)")
      ->check(CLI::Range(1, 100'000));
  script->callback([&chosen, launches] {
    chosen.run = [&chosen, launches] { return show_script(chosen.request, *launches); };
  });
}

}  // namespace troupe::tool
