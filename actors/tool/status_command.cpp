#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <string>

#include "actors/cluster/observer.hpp"
#include "actors/cluster/snapshot_text.hpp"
#include "actors/runtime/runtime.hpp"
#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"
#include "actors/transport/network.hpp"
#include "config/connection_file.hpp"

namespace troupe::tool {

namespace {

/// For the answer, once connected.
constexpr auto answer_limit = std::chrono::seconds(5);

struct status_arguments {
  std::string address;
  bool json = false;
};

int run(const status_arguments& arguments, const load_request& request) {
  auto loaded = load_config(request).value();
  auto& options = loaded.values;
  // What goes wrong is told once, by us.
  if (!loaded.origins.contains("log.level")) options.log.level = "off";
  const auto contact = find_scheduler(arguments.address, options).value();
  contact.apply(options.security);
  runtime::node node(options);
  const auto limit = options.network.connect_timeout + answer_limit;
  const auto snapshot = observe(node, contact.address, limit);
  node.net().stop();
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
