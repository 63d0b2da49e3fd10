#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "actors/cluster/held_cluster.hpp"
#include "actors/tool/asking.hpp"
#include "actors/tool/attach.hpp"
#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"

namespace troupe::tool {

namespace {

constexpr auto beat = std::chrono::milliseconds(500);

int attach(const std::string& name, const load_request& request) {
  const until_signal stop;
  attached_cluster cluster(name, quiet_config(request));
  introduce(cluster.summary());
  std::cout << (follow(cluster, stop) ? "left; the cluster goes on\n" : "it has ended\n")
            << std::flush;
  return exit_good;
}

}  // namespace

void introduce(const cluster_summary& s) {
  std::cout << s << "\n"
            << "  TROUPE_SCHEDULER=" << s.name << " lets programs find it\n"
            << "  troupe status " << s.name << " shows what it does; `troupe down " << s.name
            << "` ends it\n"
            << std::flush;
}

bool follow(attached_cluster& cluster, const until_signal& stop) {
  std::string told;
  do {
    const auto seen = cluster.look();
    if (!seen) return false;
    auto words = std::to_string(seen->workers.size()) + " workers; " + seen->cluster;
    if (words != told) std::cout << words << "\n" << std::flush;
    told = std::move(words);
  } while (!stop.came_within(beat));
  return true;
}

void add_attach_command(CLI::App& app, invocation& chosen) {
  auto* command =
      app.add_subcommand("attach", "Follow a cluster that runs elsewhere; Ctrl-C leaves it alone");
  auto name = std::make_shared<std::string>();
  command->add_option("cluster", *name, "Its name, address or connection file")->required();
  command->callback(
      [&chosen, name] { chosen.run = [&chosen, name] { return attach(*name, chosen.request); }; });
  // For clusters whose scheduler is a process of its own; not for people.
  auto file = std::make_shared<std::string>();
  auto* held = app.add_subcommand("hold", "Be the process of a cluster")->group("");
  held->add_option("file", *file, "What it is to be")->required();
  held->callback([&chosen, file] { chosen.run = [file] { return hold_cluster(*file, {}); }; });
}

}  // namespace troupe::tool
