#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "actors/cluster/observer.hpp"
#include "actors/cluster/places.hpp"
#include "actors/cluster/snapshot_text.hpp"
#include "actors/tool/asking.hpp"
#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"

// `troupe clusters`, `scale`, `down` and `cleanup`: what runs, wherever it was started.

namespace troupe::tool {

namespace {

constexpr auto connect_limit = std::chrono::seconds(5);
constexpr auto end_limit = std::chrono::seconds(30);
constexpr auto beat = std::chrono::milliseconds(100);

/// Of many clusters some may not answer.
config hasty_config(const load_request& request) {
  auto options = quiet_config(request);
  options.network.connect_timeout =
      std::min<std::chrono::nanoseconds>(options.network.connect_timeout, connect_limit);
  return options;
}

result<cluster_snapshot> order(const config& options, const scheduler_contact& contact,
                               const steer_cluster& what) {
  return ask(options, contact, [&](runtime::node& node, const std::string& at, auto limit) {
    return steer(node, at, what, limit);
  });
}

int list(const load_request& request) {
  const auto options = hasty_config(request);
  const auto all = find_clusters(request.variables);
  if (all.empty()) {
    std::cout << "no clusters: `troupe up` starts one\n";
    return exit_good;
  }
  for (const auto& [path, file] : all) {
    std::cout << path.stem().string() << "  " << file.type << " on " << file.host << ", "
              << file.address << ": ";
    if (owner_is_gone(file)) {
      std::cout << "gone; `troupe cleanup` removes what it left\n";
      continue;
    }
    const auto seen = ask(
        options, {file.address, file.token, file.type, file.certificates, file.cluster}, observe);
    if (seen)
      std::cout << seen->workers.size() << " workers, " << seen->clients << " clients, up "
                << rounded_time(seen->uptime_seconds) << "; " << seen->cluster << "\n";
    else
      std::cout << "does not answer: " << seen.error().message << "\n";
  }
  std::cout << std::flush;
  return exit_good;
}

int scale(const std::string& name, const std::string& group, std::uint32_t workers,
          const load_request& request) {
  const auto options = hasty_config(request);
  const auto contact = find_scheduler(name, options, request.variables).value();
  order(options, contact, {steer_cluster::order::scale, workers, group}).value();
  std::cout << "told " << contact.address << " to have " << workers << " workers"
            << (group.empty() ? "" : " in group " + group) << "; `troupe status " << name
            << "` shows how far it is\n"
            << std::flush;
  return exit_good;
}

/// True if nobody answers any more within the time.
bool wait_for_end(const config& options, const scheduler_contact& contact) {
  const auto until = std::chrono::steady_clock::now() + end_limit;
  auto once = options;
  once.network.connect_timeout = std::chrono::milliseconds(500);
  while (std::chrono::steady_clock::now() < until) {
    if (!ask(once, contact, observe)) return true;
    std::this_thread::sleep_for(beat);
  }
  return false;
}

int down(const std::string& name, const load_request& request) {
  const auto options = hasty_config(request);
  const auto contact = find_scheduler(name, options, request.variables).value();
  order(options, contact, {steer_cluster::order::end}).value();
  if (!wait_for_end(options, contact))
    throw exception({errc::timeout, contact.address +
                                        " was told to end, and still answers; is it a cluster of "
                                        "`troupe up`? A program ends its cluster itself"});
  std::cout << "ended\n" << std::flush;
  return exit_good;
}

int clean_up(const load_request& request) {
  const auto options = quiet_config(request);
  int code = exit_good;
  for (const auto& [path, file] : find_clusters(request.variables)) {
    const auto name = path.stem().string();
    if (!owner_is_gone(file)) {
      std::cout << name << ": its owner may be alive, on " << file.host << "; left alone\n";
      continue;
    }
    if (file.type != options.cluster.type) {
      std::cout << name << ": is of cluster.type \"" << file.type
                << "\"; call this with its configuration: --config FILE\n";
      code = exit_failed;
      continue;
    }
    const auto ended = end_launches(options, file.cluster, end_limit);
    if (!ended) {
      std::cout << name << ": " << ended.error().message << "\n";
      code = exit_failed;
      continue;
    }
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    for (const auto* rest : {".tls", ".toml", ".log"})
      std::filesystem::remove_all(path.parent_path() / (file.cluster + rest), ignored);
    std::cout << name << ": removed, with " << *ended << " launches that it had left\n";
  }
  std::cout << std::flush;
  return code;
}

}  // namespace

void add_clusters_commands(CLI::App& app, invocation& chosen) {
  auto* clusters = app.add_subcommand("clusters", "List the clusters that `troupe up` has started");
  clusters->callback([&chosen] { chosen.run = [&chosen] { return list(chosen.request); }; });

  struct arguments {
    std::string name;
    std::string group;
    std::uint32_t workers = 0;
  };
  auto given = std::make_shared<arguments>();
  auto* scaled = app.add_subcommand("scale", "Tell a cluster how many workers to have");
  scaled->add_option("cluster", given->name, "Its name, address or connection file")->required();
  scaled->add_option("workers", given->workers, "How many")->required();
  scaled->add_option("--group", given->group, "Which of its workers, if it has several groups");
  scaled->callback([&chosen, given] {
    chosen.run = [&chosen, given] {
      return scale(given->name, given->group, given->workers, chosen.request);
    };
  });
  auto* ended = app.add_subcommand("down", "End a cluster, wherever it was started");
  ended->add_option("cluster", given->name, "Its name, address or connection file")->required();
  ended->callback([&chosen, given] {
    chosen.run = [&chosen, given] { return down(given->name, chosen.request); };
  });
  auto* cleaned = app.add_subcommand(
      "cleanup", "End what clusters have left whose owner was killed, and forget them");
  cleaned->callback([&chosen] { chosen.run = [&chosen] { return clean_up(chosen.request); }; });
}

}  // namespace troupe::tool
