#include "actors/cluster/core/scaling.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::core;
using namespace troupe::core::scaling;
using namespace std::chrono_literals;

namespace {

using effects = std::vector<effect>;

/// One machine and a clock that only moves when told to.
struct stage {
  scaler machine{config{}};
  time_point now{std::chrono::hours(1)};

  effects after(const event& what, std::chrono::nanoseconds pause = 0ns) {
    now += pause;
    effects out;
    machine.handle(what, now, out);
    machine.check_invariants();
    return out;
  }

  /// Wanted, launched and joined: numbers 1 to count, ids "p1"...
  void bring_up(unsigned count) {
    after(launches_wanted{count});
    for (unsigned i = 1; i <= count; ++i)
      after(launch_accepted{i, "p" + std::to_string(i)});
    for (unsigned i = 1; i <= count; ++i)
      after(scaling::worker_joined{i});
    after(clock_ticked{}, 250ms);
  }
};

observation running(std::string id) {
  return {std::move(id), observation::phase::running};
}

observation dead(std::string id) {
  return {std::move(id), observation::phase::gone, "exit code 1"};
}

}  // namespace

TEST_CASE("as many workers are launched as are wanted") {
  stage s;
  CHECK(s.after(launches_wanted{2}) == effects{make_launches{1, 2}});
  CHECK(s.after(launch_accepted{1, "p1"}).empty());
  CHECK(s.after(launch_accepted{2, "p2"}).empty());
  CHECK(s.after(scaling::worker_joined{1}).empty());
  CHECK(s.machine.inspect() == scaler::counts{2, 1, 1, 0, false});
}

TEST_CASE("a new launch is looked at soon, and then at intervals") {
  stage s;
  s.after(launches_wanted{1});
  s.after(launch_accepted{1, "p1"});
  CHECK(s.machine.deadline() == s.now + scaler::first_look);
  CHECK(s.after(clock_ticked{}, scaler::first_look) == effects{take_survey{}});
  CHECK(s.machine.deadline() == s.now + cluster_options{}.survey_interval);
}

TEST_CASE("a cluster without workers sets no timer") {
  stage s;
  CHECK_FALSE(s.machine.deadline());
  s.after(launches_wanted{0});
  CHECK_FALSE(s.machine.deadline());
}

TEST_CASE("an old worker that dies is replaced at once") {
  stage s;
  s.bring_up(2);
  CHECK(s.after(surveyed{{running("p1"), dead("p2")}}, 1h) ==
        effects{report_death{2, "exit code 1"}, make_launches{3, 1}, take_survey{}});
}

TEST_CASE("a launch that the survey does not list has ended, unless its workers are here") {
  stage s;
  s.bring_up(1);
  s.now += 1h;
  CHECK(s.after(surveyed{}) == effects{take_survey{}});
  CHECK(s.machine.inspect() == scaler::counts{1, 0, 1, 0, false});
  s.after(scaling::worker_lost{1});
  CHECK(
      s.after(surveyed{}) ==
      effects{report_death{1, "it is gone, and nothing is known of its end"}, make_launches{2, 1}});
  CHECK(s.machine.launches(s.now).back().state == launch_state::lost);
}

TEST_CASE("a lost connection asks the place at once, and again a little later") {
  stage s;
  s.bring_up(1);
  s.after(clock_ticked{}, 1h);
  CHECK(s.after(scaling::worker_lost{1}) == effects{take_survey{true}});
  CHECK(s.machine.deadline() == s.now + scaler::second_look);
  CHECK(s.after(surveyed{{running("p1")}}).empty());
  CHECK(s.after(clock_ticked{}, scaler::second_look) == effects{take_survey{}});
  CHECK(s.after(surveyed{{dead("p1")}}) ==
        effects{report_death{1, "exit code 1"}, make_launches{2, 1}});
}

TEST_CASE("a worker that leaves in order is replaced at once, however young it is") {
  stage s;
  s.bring_up(1);
  s.after(scaling::worker_lost{1});
  CHECK(s.after(surveyed{{{"p1", observation::phase::gone, "exit code 0", true}}}) ==
        effects{make_launches{2, 1}});
}

TEST_CASE("a worker that comes back after a lost connection is not replaced") {
  stage s;
  s.bring_up(1);
  s.after(scaling::worker_lost{1}, 1h);
  s.after(scaling::worker_joined{1});
  CHECK(s.after(clock_ticked{}, 1h) == effects{take_survey{}});
  CHECK(s.after(surveyed{{running("p1")}}).empty());
}

TEST_CASE("a launch that dies young delays the next one, twice as long each time") {
  stage s;
  s.after(launches_wanted{1});
  auto delay = std::chrono::nanoseconds(scaler::first_delay);
  for (launch_number i = 1; i < scaler::attempts_max; ++i) {
    const auto id = "p" + std::to_string(i);
    s.after(launch_accepted{i, id});
    CHECK(s.after(surveyed{{dead(id)}}) == effects{report_death{i, "exit code 1"}});
    CHECK(s.machine.deadline() == s.now + delay);
    CHECK(s.after(clock_ticked{}, delay - 1ns).empty());
    CHECK(s.after(clock_ticked{}, 1ns) == effects{make_launches{i + 1, 1}});
    delay *= 2;
  }
}

TEST_CASE("after enough rounds in which nobody joined it gives up and says why") {
  stage s;
  s.after(launches_wanted{2});
  for (unsigned round = 0; round < scaler::attempts_max; ++round) {
    const launch_number first = 1 + 2 * round;
    CHECK_FALSE(s.machine.inspect().gave_up);
    s.after(launch_refused{first, {errc::system, "no such program"}});
    s.after(launch_refused{first + 1, {errc::system, "no such program"}});
    s.after(clock_ticked{}, scaler::delay_max);
  }
  CHECK(s.machine.inspect() == scaler::counts{2, 0, 0, 0, true});
  CHECK_FALSE(s.machine.deadline());
  CHECK(s.after(clock_ticked{}, 1h).empty());
}

TEST_CASE("the error of giving up has the last words of the last launch") {
  stage s;
  s.after(launches_wanted{1});
  effects out;
  for (launch_number i = 1; i <= scaler::attempts_max; ++i) {
    out = s.after(launch_refused{i, {errc::system, "no such program"}});
    s.after(clock_ticked{}, scaler::delay_max);
  }
  const effects expected{
      report_death{5, "no such program"},
      give_up{{errc::worker_lost,
               "workers do not start: 5 attempts in a row ended before a worker joined; the last "
               "one: no such program"}}};
  CHECK(out == expected);
}

TEST_CASE("asking for workers again after giving up tries again at once") {
  stage s;
  s.after(launches_wanted{1});
  for (launch_number i = 1; i <= scaler::attempts_max; ++i) {
    s.after(launch_refused{i, {errc::system, "no such program"}});
    s.after(clock_ticked{}, scaler::delay_max);
  }
  CHECK(s.after(launches_wanted{1}) == effects{make_launches{6, 1}});
}

TEST_CASE("workers that join and die do not make it give up") {
  stage s;
  s.after(launches_wanted{1});
  for (launch_number i = 1; i <= 20; ++i) {
    const auto id = "p" + std::to_string(i);
    s.after(launch_accepted{i, id});
    s.after(scaling::worker_joined{i});
    s.after(surveyed{{dead(id)}});
    CHECK(s.after(clock_ticked{}, scaler::delay_max) == effects{make_launches{i + 1, 1}});
  }
}

TEST_CASE("a launch that runs but does not join in time is retired and replaced") {
  stage s;
  s.after(launches_wanted{1});
  s.after(launch_accepted{1, "p1"});
  s.after(surveyed{{running("p1")}});
  CHECK(s.after(clock_ticked{}, 30s) == effects{retire_launches{{"p1"}}, take_survey{}});
  CHECK(s.machine.inspect() == scaler::counts{1, 0, 0, 1, false});
  CHECK(s.after(clock_ticked{}, scaler::first_delay) == effects{make_launches{2, 1}});
  CHECK(s.after(surveyed{{dead("p1")}}).empty());
  CHECK(s.machine.launches(s.now).back().state == launch_state::failed);
}

TEST_CASE("what is too much ends: those not joined first, then the newest, which drain") {
  stage s;
  s.bring_up(3);
  s.after(launches_wanted{4});
  s.after(launch_accepted{4, "p4"});
  CHECK(s.after(launches_wanted{2}) == effects{drain_launch{3}, retire_launches{{"p4"}}});
  CHECK(s.machine.inspect() == scaler::counts{2, 0, 2, 2, false});
  // It ends by itself when its workers have left.
  CHECK(s.after(scaling::worker_lost{3}) == effects{take_survey{true}});
  const auto left = surveyed{{running("p1"),
                              running("p2"),
                              {"p3", observation::phase::gone, "exit code 0", true},
                              dead("p4")}};
  CHECK(s.after(left).empty());
  CHECK(s.machine.launches(s.now).back().state == launch_state::stopped);
}

TEST_CASE("a drained launch that does not end is retired, again and again") {
  stage s;
  s.bring_up(2);
  CHECK(s.after(launches_wanted{1}) == effects{drain_launch{2}});
  const auto limit = worker_options{}.leave_timeout + scaler::farewell;
  CHECK(s.after(clock_ticked{}, limit - 1ns) == effects{take_survey{}});
  CHECK(s.after(clock_ticked{}, 1ns) == effects{retire_launches{{"p2"}}});
  CHECK(s.after(surveyed{{running("p1"), running("p2")}}).empty());
  CHECK(s.after(clock_ticked{}, 1s) == effects{retire_launches{{"p2"}}, take_survey{}});
  CHECK(s.after(surveyed{{running("p1"), dead("p2")}}).empty());
  CHECK(s.machine.inspect() == scaler::counts{1, 0, 1, 0, false});
}

TEST_CASE("launches that are cheap to lose go first") {
  stage s;
  s.bring_up(3);
  s.after(load_seen{0, 0, 0, {{1, 50}, {2, 10}, {3, 700}}});
  CHECK(s.after(launches_wanted{2}) == effects{drain_launch{2}});
  CHECK(s.after(launches_wanted{1}) == effects{drain_launch{1}});
}

TEST_CASE("a launch that is not wanted any more when it is accepted is retired") {
  stage s;
  s.after(launches_wanted{1});
  CHECK(s.after(launches_wanted{0}).empty());
  CHECK(s.after(launch_accepted{1, "p1"}) == effects{retire_launches{{"p1"}}});
}

TEST_CASE("late and unknown events change nothing") {
  stage s;
  s.bring_up(1);
  CHECK(s.after(launch_accepted{1, "p9"}).empty());
  CHECK(s.after(launch_refused{1, {errc::system, "late"}}).empty());
  CHECK(s.after(launch_accepted{77, "p77"}).empty());
  CHECK(s.after(scaling::worker_joined{77}).empty());
  CHECK(s.after(scaling::worker_lost{77}).empty());
  CHECK(s.after(surveyed{{running("p1"), running("of somebody else")}}).empty());
  CHECK(s.machine.inspect() == scaler::counts{1, 0, 1, 0, false});
}
