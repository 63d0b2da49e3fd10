#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <troupe/config.hpp>

#include "actors/cluster/core/events.hpp"

namespace troupe::core {

/// How many workers to have, for any place: launches what is missing, launches again what has died,
/// retires what is too much.
///
///               launch_accepted       worker_joined
///     asked ---------------> starting ------------> joined
///       |                     |    ^                |   |
///       | launch_refused      |    +----------------+   | too many
///       v                     |       worker_lost       v
///     (forgotten) <-----------+--------------------- retiring
///                         surveyed: it is gone
///
/// Level-triggered: what is there is compared with what is wanted, at each survey and each event,
/// so a lost answer or a launch that somebody else has ended needs no case of its own.
///
/// A launch that dies young delays the next ones, twice as long each time; after attempts_max
/// rounds of them in which none joined, the machine gives up and says why. All launches between two
/// delays are one round: four workers that die together of one cause have failed once.
class scaler {
public:
  /// A launch that ends before this age has died young.
  static constexpr auto young_age = std::chrono::seconds(10);
  static constexpr auto first_delay = std::chrono::milliseconds(100);
  static constexpr auto delay_max = std::chrono::seconds(5);
  static constexpr unsigned attempts_max = 5;
  /// Between a launch and the first look at it: most that cannot start end at once.
  static constexpr auto first_look = std::chrono::milliseconds(200);
  /// Between the loss of a connection and the second look at its process: the kernel closes the
  /// sockets of a dying process before its parent can see that it is gone.
  static constexpr auto second_look = std::chrono::milliseconds(50);

  struct snapshot {
    std::uint32_t wanted = 0;
    std::uint32_t starting = 0;
    std::uint32_t joined = 0;
    std::uint32_t retiring = 0;
    bool gave_up = false;

    friend bool operator==(const snapshot&, const snapshot&) = default;
  };

  explicit scaler(const cluster_options&);

  void handle(const scaling::event& what, time_point now, std::vector<scaling::effect>& out);
  std::optional<time_point> deadline() const;
  void check_invariants() const;
  snapshot inspect() const;

private:
  struct asked {};

  struct starting {
    std::string id;
    time_point join_by;
  };

  struct joined {
    std::string id;
  };

  struct retiring {
    std::string id;
  };

  struct launch {
    time_point since;
    std::uint64_t round = 0;
    bool has_joined = false;
    std::variant<asked, starting, joined, retiring> state = asked{};
  };

  using effects = std::vector<scaling::effect>;

  void on(const scaling::workers_wanted&, time_point, effects&);
  void on(const scaling::launch_accepted&, time_point, effects&);
  void on(const scaling::launch_refused&, time_point, effects&);
  void on(const scaling::surveyed&, time_point, effects&);
  void on(const scaling::worker_joined&, time_point, effects&);
  void on(const scaling::worker_lost&, time_point, effects&);
  void on(const scaling::clock_ticked&, time_point, effects&);

  static const std::string* id_of(const launch&);
  std::uint32_t live() const;
  void end(scaling::launch_number, const std::string& detail, time_point, effects&);
  void died(const launch&, const std::string& detail, time_point, effects&);
  void retire_late_ones(time_point, effects&);
  void launch_missing(time_point, effects&);
  void retire_surplus(effects&);
  bool retire_newest(bool joined_too, effects&);
  void look(time_point, effects&);

  const std::chrono::nanoseconds survey_interval_;
  const std::chrono::nanoseconds start_timeout_;
  std::uint32_t wanted_ = 0;
  std::map<scaling::launch_number, launch> launches_;
  scaling::launch_number next_ = 1;
  std::uint64_t round_ = 1;
  unsigned young_deaths_ = 0;  ///< Rounds in a row; decides the delay.
  unsigned fruitless_ = 0;     ///< Rounds in a row in which none joined.
  time_point not_before_{};    ///< For the next launch.
  time_point last_death_{};    ///< Of a young one.
  time_point next_survey_ = time_point::max();
  bool gave_up_ = false;
};

}  // namespace troupe::core
