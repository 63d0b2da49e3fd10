#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/checker.hpp"
#include "tests/simulation/network.hpp"
#include "tests/simulation/nodes.hpp"
#include "tests/simulation/workload.hpp"

namespace troupe::simulation {

/// A whole cluster with its users and its accidents, on one thread and a made-up clock: the real
/// machines of scheduler, workers and clients, and a network that is not real. Everything in it
/// follows from the seed.
class world {
public:
  explicit world(std::uint64_t seed, scheduler_node::witness = {});
  ~world();

  /// Lives until all users are done and nothing happens any more. Says what was wrong, if anything.
  std::optional<std::string> run();

  /// How it went, in numbers that are the same whenever the seed is.
  struct account {
    std::uint64_t steps = 0;
    std::uint64_t runs_finished = 0;
    std::uint64_t worker_crashes = 0;
    std::uint64_t scheduler_crashes = 0;
    std::chrono::nanoseconds took{};

    friend bool operator==(const account&, const account&) = default;
  };

  account summary() const;

private:
  void start_scheduler();
  void crash_scheduler();
  void start_worker(std::uint32_t place);
  void end_worker(node_id);
  void plan_accident();
  void disturb(node_id, worker_node&);
  void accident();
  bool all_finished() const;
  std::optional<std::string> complaint() const;
  std::optional<std::string> unrest() const;
  /// Withdraws all that is published, once all users are done.
  std::optional<std::string> close_library();

  dice dice_;
  timeline timeline_;
  network network_;
  scheduler_options options_;
  scheduler_node::witness witness_;
  disk disk_;
  std::unique_ptr<scheduler_node> scheduler_;  ///< None between a crash and the next start.
  node_id scheduler_node_ = 0;
  std::uint8_t sessions_ = 0;
  std::uint32_t scheduler_crashes_ = 0;
  std::uint32_t worker_losses_ = 0;  ///< Seen by schedulers that crashed.
  std::uint64_t runs_finished_ = 0;  ///< The same.
  time_point began_;
  std::uint64_t accidents_left_;
  std::uint64_t accident_gap_us_;
  troubles troubles_;
  std::map<node_id, std::unique_ptr<worker_node>> workers_;
  std::map<node_id, std::uint32_t>
      places_;  ///< A restarted worker takes the place of the lost one.
  library library_;
  std::vector<std::unique_ptr<user>> users_;
  std::uint64_t steps_ = 0;
};

}  // namespace troupe::simulation
