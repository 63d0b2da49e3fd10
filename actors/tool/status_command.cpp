#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "actors/cluster/observer.hpp"
#include "actors/cluster/snapshot_text.hpp"
#include "actors/tool/asking.hpp"
#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"

namespace troupe::tool {

namespace {

struct status_arguments {
  std::string address;
  bool json = false;
};

int run(const status_arguments& arguments, const load_request& request) {
  const auto options = quiet_config(request);
  const auto contact = find_scheduler(arguments.address, options, request.variables).value();
  const auto snapshot = ask(options, contact, observe);
  const auto& found = snapshot.value();
  std::cout << (arguments.json ? snapshot_json(found) : snapshot_text(found)) << std::flush;
  return exit_good;
}

}  // namespace

void add_status_command(CLI::App& app, invocation& chosen) {
  auto* command = app.add_subcommand("status", "Show a scheduler's workers and tasks");
  auto arguments = std::make_shared<status_arguments>();
  command->add_option("address", arguments->address,
                      "Scheduler: tcp://host:port, unix:///path, or the connection file that it "
                      "wrote (default: $TROUPE_SCHEDULER)");
  command->add_flag("--json", arguments->json, "As one JSON object, for programs");
  command->callback([&chosen, arguments] {
    chosen.run = [&chosen, arguments] { return run(*arguments, chosen.request); };
  });
}

}  // namespace troupe::tool
