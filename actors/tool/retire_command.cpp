#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "actors/cluster/observer.hpp"
#include "actors/tool/asking.hpp"
#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"

namespace troupe::tool {

namespace {

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

bool any_is_here(const cluster_snapshot& seen, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const auto& n) { return is_here(seen, n); });
}

int run(const retire_arguments& arguments, const load_request& request) {
  const auto options = quiet_config(request);
  const auto contact = find_scheduler(arguments.address, options, request.variables).value();
  const auto& names = arguments.workers;
  ask(options, contact, [&](runtime::node& node, const std::string& at, auto limit) {
    auto seen = retire(node, at, names, limit);
    if (!seen) return result<void>(seen.error());
    for (const auto& name : names)
      if (!is_here(*seen, name))
        return result<void>(
            error{errc::bad_argument, "there is no worker '" + name + "'; see `troupe status`"});
    while (arguments.wait && any_is_here(*seen, names)) {
      std::this_thread::sleep_for(look_interval);
      seen = observe(node, at, limit);
      if (!seen) return result<void>(seen.error());
    }
    return result<void>();
  }).value();
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
