#include <CLI/CLI.hpp>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actors/cluster/snapshot_text.hpp"
#include "actors/scheduler/core/scheduler.hpp"
#include "actors/scheduler/effect_digest.hpp"
#include "actors/scheduler/event_text.hpp"
#include "actors/scheduler/recording.hpp"
#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"

namespace troupe::tool {

namespace {

struct replay_arguments {
  std::string path;
  std::optional<std::uint64_t> event;
  bool all = false;
  bool check = false;
};

/// Does to a fresh machine what was done to the one that was recorded.
class replayer {
public:
  replayer(const replay_arguments& a, const recorded_scheduler& s)
      : arguments_(a), machine_(s.options, s.name, s.session) {}

  void step(const recorded_event& e) {
    if (++number_ == 1) began_ = e.at;
    ended_ = e.at;
    std::vector<core::scheduling::effect> effects;
    machine_.handle(e.what, e.at, effects);
    if (arguments_.check) machine_.check_invariants();
    digest_.add(effects);
    effects_ += effects.size();
    if (!arguments_.all && !asked_for()) return;
    std::cout << number_ << "  " << seconds() << " s  " << event_text(nobody_)(e.what) << "\n";
    for (const auto& effect : effects)
      std::cout << "    " << effect_text(nobody_)(effect) << "\n";
  }

  void step(const recorded_digest& recorded) {
    if (!differs_ && recorded.sum != digest_.sum()) differs_ = {same_until_ + 1, number_};
    same_until_ = number_;
  }

  bool asked_for() const { return arguments_.event && number_ >= *arguments_.event; }

  /// False if it did something else than the scheduler that was recorded.
  bool summary() const {
    std::cout << number_ << " events and " << effects_ << " effects in " << seconds() << " s\n"
              << snapshot_text(machine_.inspect());
    if (differs_)
      std::cout << "DIFFERENT from what was recorded, first in events " << differs_->first << " to "
                << differs_->second << "\n";
    else
      std::cout << "the same as when it was recorded\n";
    return !differs_;
  }

private:
  double seconds() const { return std::chrono::duration<double>(ended_ - began_).count(); }

  const replay_arguments& arguments_;
  const names nobody_;
  core::scheduler machine_;
  effect_digest digest_;
  core::time_point began_;
  core::time_point ended_;
  std::uint64_t number_ = 0;
  std::uint64_t effects_ = 0;
  std::uint64_t same_until_ = 0;  ///< The last event before a digest.
  std::optional<std::pair<std::uint64_t, std::uint64_t>> differs_;
};

int run(const replay_arguments& arguments) {
  auto found = recording::open(arguments.path).value();
  replayer player(arguments, found.scheduler());
  while (!player.asked_for()) {
    const auto step = found.next().value();
    if (!step) break;
    std::visit([&](const auto& s) { player.step(s); }, *step);
  }
  if (found.cut_bytes() > 0)
    std::cout << "the last " << found.cut_bytes() << " bytes were not written whole\n";
  return player.summary() ? exit_good : exit_failed;
}

}  // namespace

void add_replay_command(CLI::App& app, invocation& chosen) {
  auto* command = app.add_subcommand("replay",
                                     "Run a scheduler's recording (scheduler.record) again, and "
                                     "say whether it does the same");
  auto arguments = std::make_shared<replay_arguments>();
  command->add_option("path", arguments->path, "The recording")->required();
  command->add_option("--event", arguments->event,
                      "Stop after this event, counted from 1, and show what the scheduler did");
  command->add_flag("--all", arguments->all, "Show each event and what the scheduler did");
  command->add_flag("--check", arguments->check, "Compare all its tables after each event; slow");
  command->callback([&chosen, arguments] { chosen.run = [arguments] { return run(*arguments); }; });
}

}  // namespace troupe::tool
