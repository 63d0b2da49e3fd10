#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"
#include "backends/registry.hpp"

namespace troupe::tool {

namespace {

int show_effective(const load_request& request) {
  std::cout << show(load_config(request).value()) << std::flush;
  return exit_good;
}

/// The file alone: what variables and options would change is not its fault. A backend reads its
/// own section, so that section is checked by making the backend, which starts nothing.
int check_file(const std::string& path) {
  load_request request;
  request.file = path;
  auto options = load_config(request).value().values;
  validate(options).value();
  backends::registry kinds;
  for (const auto& plugin : options.cluster.plugins)
    kinds.load(plugin).value();
  const auto& type = options.cluster.type;
  services none;
  none.log = [](const std::string&) {};
  const auto places = kinds.check(options.cluster.places, type);
  const auto place = kinds.make(type, options.cluster.place, none);
  if (!places && !place)
    throw exception({errc::bad_config, places.error().message + "\n" + place.error().message});
  places.value();
  place.value();
  std::cout << path << " is good\n" << std::flush;
  return exit_good;
}

}  // namespace

void add_config_command(CLI::App& app, invocation& chosen) {
  auto* command = app.add_subcommand("config", "Show or check the configuration");
  command->require_subcommand(1);
  auto* shown = command->add_subcommand(
      "show", "The effective configuration, and where each value comes from");
  shown->callback([&chosen] { chosen.run = [&chosen] { return show_effective(chosen.request); }; });
  auto* checked = command->add_subcommand("check", "Say all that is wrong with a file");
  auto path = std::make_shared<std::string>();
  checked->add_option("file", *path, "A TOML file")->required();
  checked->callback([&chosen, path] { chosen.run = [path] { return check_file(*path); }; });
}

}  // namespace troupe::tool
