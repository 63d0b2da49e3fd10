#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include "actors/cluster/observer.hpp"
#include "actors/tool/asking.hpp"
#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"

namespace troupe::tool {

namespace {

struct story_arguments {
  std::string task;
  std::string address;
};

/// "3:17" is task 17 of client 3, as `future.why()` and `troupe status` have it.
task_id parse_task(const std::string& text) {
  std::uint64_t client = 0;
  std::uint64_t number = 0;
  const auto* const end = text.data() + text.size();
  const auto [colon, good] = std::from_chars(text.data(), end, client);
  if (good == std::errc{} && colon != end && *colon == ':') {
    const auto [last, fine] = std::from_chars(colon + 1, end, number);
    if (fine == std::errc{} && last == end && client > 0 && number > 0 &&
        client >> (64 - task_number_bits) == 0 && number >> task_number_bits == 0)
      return make_task_id({client}, number);
  }
  throw exception(
      {errc::bad_argument, "a task is written CLIENT:NUMBER, as in 3:17; got '" + text + "'"});
}

void print(const std::string& task, const task_story& found) {
  std::cout << "task " << task << (found.name.empty() ? "" : " '" + found.name + "'") << " is "
            << found.state << (found.reason.empty() ? "" : ": " + found.reason) << "\n";
  for (const auto& step : found.steps) {
    char ago[48];
    std::snprintf(ago, sizeof ago, "%12.3f s ago  ", static_cast<double>(step.age_ns) / 1e9);
    std::cout << ago << step.what << "\n";
  }
  std::cout << std::flush;
}

int run(const story_arguments& arguments, const load_request& request) {
  const auto task = parse_task(arguments.task);
  const auto options = quiet_config(request);
  const auto contact = find_scheduler(arguments.address, options, request.variables).value();
  const auto found =
      ask(options, contact, [&](runtime::node& node, const std::string& at, auto limit) {
        return ask_story(node, at, task, limit);
      });
  print(arguments.task, found.value());
  return exit_good;
}

}  // namespace

void add_story_command(CLI::App& app, invocation& chosen) {
  auto* command =
      app.add_subcommand("story", "Show what happened to a task, and what it waits for");
  auto arguments = std::make_shared<story_arguments>();
  command->add_option("task", arguments->task, "CLIENT:NUMBER, e.g. 3:17")->required();
  command->add_option("--scheduler", arguments->address,
                      "Name of a cluster, tcp://host:port, unix:///path, or the connection file "
                      "that it wrote (default: $TROUPE_SCHEDULER)");
  command->callback([&chosen, arguments] {
    chosen.run = [&chosen, arguments] { return run(*arguments, chosen.request); };
  });
}

}  // namespace troupe::tool
