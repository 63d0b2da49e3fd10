#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <troupe/error.hpp>

#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"
#include "actors/worker/run_worker.hpp"
#include "config/environment.hpp"
#include "config/nearest.hpp"
#include "serialization/release.hpp"

namespace troupe::tool {

namespace {

int complain(const std::string& what, int code) {
  std::fprintf(stderr, "troupe: %s\n", what.c_str());
  return code;
}

void declare(CLI::App& app, invocation& chosen) {
  app.require_subcommand(1);
  app.set_version_flag("--version", "troupe " + release());
  app.footer(
      "Every command takes --config FILE and --set SECTION.KEY=VALUE.\n"
      "`troupe COMMAND --help` tells more about one.\n" +
      std::string(exit_codes_text));
  add_up_command(app, chosen);
  add_scheduler_command(app, chosen);
  // Only for the list of commands: main() gives its arguments to run_worker() unread.
  app.add_subcommand("worker", "Run a worker for a scheduler");
  add_attach_command(app, chosen);
  add_status_command(app, chosen);
  add_retire_command(app, chosen);
  add_story_command(app, chosen);
  add_clusters_commands(app, chosen);
  add_doctor_command(app, chosen);
  add_jobqueue_command(app, chosen);
  add_config_command(app, chosen);
  add_cert_command(app, chosen);
  add_replay_command(app, chosen);
  add_simulate_command(app, chosen);
}

/// CLI11 would only say that a command is missing. `words` is how `app` is called.
void refuse_unknown(const CLI::App& app, const std::string& words, int argc, char** argv) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands({}))
    names.push_back(command->get_name());
  if (names.empty() || argc < 2 || argv[1][0] == '-') return;
  const std::string name = argv[1];
  if (std::find(names.begin(), names.end(), name) != names.end())
    return refuse_unknown(*app.get_subcommand(name), words + " " + name, argc - 1, argv + 1);
  throw exception({errc::bad_argument, "there is no command '" + words + " " + name + "'; see `" +
                                           words + " --help`" + did_you_mean(name, names)});
}

/// How the command is called that was read when the error was found.
std::string words_of(const CLI::App& app) {
  std::string words = app.get_name();
  for (const auto* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    words += " " + at->get_name();
  }
  return words;
}

int run(int argc, char** argv) {
  if (argc > 1 && argv[1] == std::string("worker"))
    return run_worker("troupe worker", argc - 1, argv + 1, {});
  invocation chosen;
  chosen.request = take_arguments(argc, argv, process_environment()).value();
  CLI::App app("Distributed task computing on actors.", "troupe");
  declare(app, chosen);
  refuse_unknown(app, app.get_name(), argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return app.exit(e);  // Help or version.
  } catch (const CLI::ParseError& e) {
    return complain(std::string(e.what()) + "; see `" + words_of(app) + " --help`", exit_usage);
  }
  return chosen.run();
}

}  // namespace

}  // namespace troupe::tool

int main(int argc, char** argv) {
  using namespace troupe::tool;
  try {
    return run(argc, argv);
  } catch (const troupe::exception& e) {
    return complain(e.what(), exit_code(e.why()));
  } catch (const std::exception& e) {
    return complain(e.what(), exit_failed);
  }
}
