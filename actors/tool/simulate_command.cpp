#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

#include "actors/scheduler/event_text.hpp"
#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"
#include "tests/simulation/world.hpp"

namespace troupe::tool {

namespace {

struct simulate_arguments {
  std::optional<std::uint64_t> seed;
  std::uint32_t seconds = 10;
  bool aloud = false;
};

simulation::scheduler_node::witness aloud() {
  static const names nobody;
  simulation::scheduler_node::witness w;
  w.event = [](const auto& e) { std::cout << event_text(nobody)(e) << "\n"; };
  w.effect = [](const auto& e) { std::cout << "    " << effect_text(nobody)(e) << "\n"; };
  return w;
}

/// Whether all went well in that world.
bool live(std::uint64_t seed, bool tell_all) {
  simulation::world w(seed, tell_all ? aloud() : simulation::scheduler_node::witness{});
  const auto wrong = w.run();
  if (wrong) std::cout << "seed " << seed << ": " << *wrong << "\n";
  return !wrong;
}

/// In a process of its own: a machine that finds its tables in disorder ends the process.
bool live_apart(std::uint64_t seed) {
  std::cout.flush();
  const auto child = ::fork();
  if (child < 0) return live(seed, false);
  if (child == 0) {
    const bool good = live(seed, false);
    std::cout.flush();
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (WIFSIGNALED(status))
    std::cout << "seed " << seed << ": ended by signal " << WTERMSIG(status) << "\n";
  if (!good) std::cout << "    troupe simulate --seed " << seed << " --all\n";
  return good;
}

int run(const simulate_arguments& arguments) {
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  if (arguments.seed) {
    ++(live(*arguments.seed, arguments.aloud) ? passed : failed);
  } else {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(arguments.seconds);
    std::random_device entropy;
    while (std::chrono::steady_clock::now() < until)
      ++(live_apart(std::uint64_t{entropy()} << 32 | entropy()) ? passed : failed);
  }
  std::cout << passed << " passed, " << failed << " failed\n";
  return failed == 0 ? exit_good : exit_failed;
}

}  // namespace

void add_simulate_command(CLI::App& app, invocation& chosen) {
  auto* command = app.add_subcommand(
      "simulate", "Run made-up clusters in which all goes wrong that can, and check the outcome");
  auto arguments = std::make_shared<simulate_arguments>();
  auto* seed = command->add_option("--seed", arguments->seed, "The one world of this seed");
  command->add_option("--seconds", arguments->seconds, "New worlds for so long (default: 10)")
      ->check(CLI::Range(1, 86'400))
      ->excludes(seed);
  command->add_flag("--all", arguments->aloud, "With --seed: show all that schedulers hear and say")
      ->needs(seed);
  command->callback([&chosen, arguments] { chosen.run = [arguments] { return run(*arguments); }; });
}

}  // namespace troupe::tool
