#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "actors/cluster/observer.hpp"
#include "actors/runtime/runtime.hpp"
#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"
#include "actors/transport/network.hpp"
#include "config/connection_file.hpp"

namespace troupe::tool {

namespace {

/// For an answer, once connected.
constexpr auto answer_limit = std::chrono::seconds(5);

/// Between two looks at whether workers have gone.
constexpr auto look_interval = std::chrono::milliseconds(200);

struct retire_arguments {
  std::vector<std::string> workers;
  std::string address;
  bool wait = false;
};

bool is_here(const cluster_snapshot& seen, const std::string& name) {
  return std::any_of(seen.workers.begin(), seen.workers.end(),
                     [&](const worker_snapshot& w) { return w.name == name; });
}

int run(const retire_arguments& arguments, const load_request& request) {
  auto loaded = load_config(request).value();
  auto& options = loaded.values;
  // What goes wrong is told once, by us.
  if (!loaded.origins.contains("log.level")) options.log.level = "off";
  const auto contact = find_scheduler(arguments.address, options, request.variables).value();
  if (!contact.token.empty()) options.security.token = contact.token.reveal();
  runtime::node node(options);
  const auto limit = options.network.connect_timeout + answer_limit;
  const auto& names = arguments.workers;
  auto seen = retire(node, contact.address, names, limit);
  const auto unknown = seen ? std::find_if(names.begin(), names.end(),
                                           [&](const auto& n) { return !is_here(*seen, n); })
                            : names.end();
  const auto any_left = [&] {
    return seen && std::any_of(names.begin(), names.end(),
                               [&](const auto& n) { return is_here(*seen, n); });
  };
  while (arguments.wait && unknown == names.end() && any_left()) {
    std::this_thread::sleep_for(look_interval);
    seen = observe(node, contact.address, limit);
  }
  node.net().stop();
  if (!seen) throw exception(seen.error());
  if (unknown != names.end())
    throw exception(
        {errc::bad_argument, "there is no worker '" + *unknown + "'; see `troupe status`"});
  return exit_good;
}

}  // namespace

void add_retire_command(CLI::App& app, invocation& chosen) {
  auto* command =
      app.add_subcommand("retire", "Have workers leave in order, without losing results");
  auto arguments = std::make_shared<retire_arguments>();
  command->add_option("worker", arguments->workers, "Names of workers, see `troupe status`")
      ->required();
  command->add_flag("--wait", arguments->wait, "Until they are gone");
  command->add_option("--scheduler", arguments->address,
                      "Name of a cluster, tcp://host:port, unix:///path, or the connection file "
                      "that it wrote (default: $TROUPE_SCHEDULER)");
  command->callback([&chosen, arguments] {
    chosen.run = [&chosen, arguments] { return run(*arguments, chosen.request); };
  });
}

}  // namespace troupe::tool
