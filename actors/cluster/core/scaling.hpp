#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <troupe/config.hpp>

#include "actors/cluster/core/adapting.hpp"
#include "actors/cluster/core/events.hpp"
#include "serialization/client_messages.hpp"

namespace troupe::core {

/// Which launches to have, for any place: orders what is missing, orders again what has ended,
/// drains what is too much. A launch holds P workers and is never split.
///
///                 pending ------+
///                ^       |      | too many: it costs nothing
///     accepted   |       v      v
///     --> submitted --> starting --> (retired)
///            |           |     ^
///     refused|   a worker|     |all workers
///            v     joined v     |lost
///        (forgotten)   running -+--- too many, or its time is nearly over ---> draining
///
/// From each of them to stopped, failed or lost, when a survey says that it is gone.
///
/// Level-triggered: what is there is compared with what is wanted, at each survey and each event,
/// so a lost answer or a launch that somebody else has ended needs no case of its own. A pending
/// launch is as good as a running one, however long it waits: its place in the queue has cost time.
///
/// A launch that dies young delays the next ones, twice as long each time; after attempts_max
/// rounds of them in which none joined, the machine gives up and says why. All launches between two
/// delays are one round: four that die together of one cause have failed once.
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
  /// For a launch to end by itself after its workers have left.
  static constexpr auto farewell = std::chrono::seconds(5);
  /// So many launches that have ended are remembered, for people.
  static constexpr std::size_t remembered_max = 20;

  /// Numbers of launches. `starting` are all that no worker has joined.
  struct counts {
    std::uint32_t wanted = 0;
    std::uint32_t starting = 0;
    std::uint32_t running = 0;
    std::uint32_t draining = 0;
    bool gave_up = false;

    friend bool operator==(const counts&, const counts&) = default;
  };

  explicit scaler(const config&, adapter::shape = {});

  void handle(const scaling::event& what, time_point now, std::vector<scaling::effect>& out);
  std::optional<time_point> deadline() const;
  void check_invariants() const;
  counts inspect() const;
  /// All there are, and then the last ones that have ended.
  std::vector<launch_snapshot> launches(time_point now) const;
  /// What is wanted and what holds it up, as one line.
  std::string words(time_point now) const;
  /// How long launches have waited until they ran, lately.
  std::chrono::nanoseconds usual_wait() const noexcept { return usual_wait_; }

private:
  struct farewell_plan {
    std::string why;
    time_point until;                   ///< Then it is retired, whatever it does.
    std::optional<time_point> alone{};  ///< Since then it has no workers.
    bool failed = false;                ///< It is not wanted because it does not work.
    std::optional<time_point> retired{};

    /// When it is to be retired.
    time_point due() const {
      if (alone && *alone < until) return std::min(until, *alone + farewell);
      return until;
    }
  };

  struct launch {
    time_point since;
    std::uint64_t round = 0;
    std::string id = {};  ///< Empty: submitted, and not yet accepted.
    std::optional<scaling::observation> seen = std::nullopt;  ///< At the last survey.
    std::uint32_t joined = 0;                                 ///< Of its workers.
    bool has_joined = false;                                  ///< One of its workers, ever.
    bool unlisted = false;                                    ///< At the last survey.
    std::optional<time_point> join_by = std::nullopt;         ///< Since it runs without workers.
    std::optional<farewell_plan> leaving = std::nullopt;
    std::uint64_t cost = 0;  ///< To lose it.
  };

  using effects = std::vector<scaling::effect>;
  using numbered = std::map<scaling::launch_number, launch>;

  void on(const scaling::launches_wanted&, time_point, effects&);
  void on(const scaling::adapt_wanted&, time_point, effects&);
  void on(const scaling::launch_accepted&, time_point, effects&);
  void on(const scaling::launch_refused&, time_point, effects&);
  void on(const scaling::surveyed&, time_point, effects&);
  void on(const scaling::worker_joined&, time_point, effects&);
  void on(const scaling::worker_lost&, time_point, effects&);
  void on(const scaling::load_seen&, time_point, effects&);
  void on(const scaling::clock_ticked&, time_point, effects&);

  void begin_again(time_point);
  void see(launch&, const scaling::observation&, time_point);
  void adopt(const scaling::observation&, time_point);
  void check_possible(effects&);
  static launch_state state_of(const launch&);
  bool expiring(const launch&, time_point) const;
  std::optional<time_point> leave_at(const launch&) const;
  std::optional<time_point> replace_at(const launch&) const;
  std::uint32_t live(time_point) const;
  void end(scaling::launch_number, const scaling::observation* last, time_point, effects&);
  void remember(scaling::launch_number, const launch&, launch_state, std::string words);
  void died(const launch&, const std::string& detail, time_point, effects&);
  void retire_late_ones(time_point, effects&);
  void drain_expiring(time_point, effects&);
  void retire_drained(time_point, effects&);
  void launch_missing(time_point, effects&);
  void drop_surplus(time_point, effects&);
  numbered::iterator cheapest(time_point);
  void drain(scaling::launch_number, launch&, std::string why, time_point, effects&);
  void look(time_point, effects&);

  time_point now_{};  ///< Of the last event.
  const std::chrono::nanoseconds survey_interval_;
  const std::chrono::nanoseconds start_timeout_;
  const std::chrono::nanoseconds leave_timeout_;
  const adapter::shape shape_;
  std::uint32_t wanted_ = 0;
  numbered launches_;
  std::deque<launch_snapshot> ended_;
  scaling::launch_number next_ = 1;
  std::uint64_t round_ = 1;
  unsigned young_deaths_ = 0;  ///< Rounds in a row; decides the delay.
  unsigned fruitless_ = 0;     ///< Rounds in a row in which none joined.
  time_point not_before_{};    ///< For the next launch.
  time_point last_death_{};    ///< Of a young one.
  time_point next_survey_ = time_point::max();
  std::chrono::nanoseconds usual_wait_{};
  std::optional<adapter> adapter_;  ///< Decides what is wanted, if there is one.
  std::optional<error> gave_up_;
};

}  // namespace troupe::core
