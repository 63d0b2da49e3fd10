#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"
#include "backends/registry.hpp"
#include "config/groups.hpp"

namespace troupe::tool {

namespace {

int show_effective(const load_request& request) {
  std::cout << show(load_config(request).value()) << std::flush;
  return exit_good;
}

/// A backend reads its own section, so that section is checked by making the backend, which starts
/// nothing. Returns what is wrong, in lines.
std::string problems_of_place(const std::string& group, const config& options) {
  backends::registry kinds;
  for (const auto& plugin : options.cluster.plugins)
    kinds.load(plugin).value();
  const auto& type = options.cluster.type;
  services none;
  none.log = [](const std::string&) {};
  none.group = group;
  auto section = options.cluster.place;
  const auto places = kinds.check(options.cluster.places, type);
  const auto place = kinds.make(type, section, none);
  std::string all;
  if (!places) all += places.error().message + "\n";
  if (!place) all += place.error().message + "\n";
  return all;
}

/// The file alone: what variables and options would change is not its fault.
int check_file(const std::string& path) {
  load_request request;
  request.file = path;
  auto options = load_config(request).value().values;
  validate(options).value();
  std::string problems;
  for (const auto& [group, part] : each_group(options))
    if (const auto some = problems_of_place(group, part); problems.find(some) == std::string::npos)
      problems += some;
  if (!problems.empty()) {
    problems.pop_back();
    throw exception({errc::bad_config, problems});
  }
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
