#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "actors/cluster/core/scaling.hpp"

using namespace troupe;
using namespace troupe::core;
using namespace troupe::core::scaling;
using namespace std::chrono_literals;

// Launches of several workers, in a place with a queue.

namespace {

using effects = std::vector<effect>;
using phase = observation::phase;

constexpr std::uint32_t four = 4;

struct queue {
  scaler machine{config{}, {four, 1, 100}};
  time_point now{std::chrono::hours(1)};

  effects after(const event& what, std::chrono::nanoseconds pause = 0ns) {
    now += pause;
    effects out;
    machine.handle(what, now, out);
    machine.check_invariants();
    std::erase_if(out, [](const auto& e) { return std::holds_alternative<take_survey>(e); });
    return out;
  }

  void order(std::uint32_t count) {
    for (const auto& what : after(launches_wanted{count}))
      if (const auto* made = std::get_if<make_launches>(&what))
        for (std::uint32_t i = 0; i < made->count; ++i)
          after(launch_accepted{made->first + i, "j" + std::to_string(made->first + i)});
  }

  void join(launch_number launch) {
    for (std::uint32_t i = 0; i < four; ++i)
      after(scaling::worker_joined{launch});
  }

  launch_snapshot at(std::size_t i) const { return machine.launches(now).at(i); }
};

observation pending(std::string id, std::string reason) {
  observation seen{std::move(id), phase::pending};
  seen.reason = std::move(reason);
  return seen;
}

observation running(std::string id) {
  return {std::move(id), phase::running};
}

}  // namespace

TEST_CASE("many launches are one order") {
  queue q;
  CHECK(q.after(launches_wanted{3}) == effects{make_launches{1, 3}});
  CHECK(q.after(launches_wanted{5}) == effects{make_launches{4, 2}});
}

TEST_CASE("a launch goes from submitted to running, and its state says why and how far") {
  queue q;
  q.order(1);
  CHECK(q.at(0).state == launch_state::submitted);
  auto waits = pending("j1", "Resources");
  waits.estimate = q.now + 90s;
  q.after(surveyed{{waits}});
  CHECK(q.at(0) == launch_snapshot{1, "j1", {}, launch_state::pending, 4, 0, "Resources", 0, 90});
  CHECK(q.machine.words(q.now) == "1 launch wanted of 4 workers each: 1 pending");
  q.after(surveyed{{{"j1", phase::starting}}}, 10s);
  CHECK(q.at(0).state == launch_state::starting);
  q.after(scaling::worker_joined{1});
  auto runs = running("j1");
  runs.deadline = q.now + 1h;
  q.after(surveyed{{runs}});
  CHECK(q.at(0) == launch_snapshot{1, "j1", {}, launch_state::running, 4, 1, "", 10, 3600});
}

TEST_CASE("a launch may be pending for ever, and counts as what it will be") {
  queue q;
  q.order(2);
  for (int i = 0; i < 100; ++i)
    CHECK(q.after(surveyed{{pending("j1", "Priority"), pending("j2", "Priority")}}, 1h).empty());
  CHECK(q.machine.inspect() == scaler::counts{2, 2, 0, 0, false});
}

TEST_CASE("one worker of a launch that is lost neither ends nor replaces the launch") {
  queue q;
  q.order(1);
  q.join(1);
  CHECK(q.after(scaling::worker_lost{1}).empty());
  CHECK(q.at(0).joined == 3);
  CHECK(q.after(surveyed{{running("j1")}}, 1h).empty());
  CHECK(q.machine.inspect() == scaler::counts{1, 0, 1, 0, false});
}

TEST_CASE("what can never start is taken back, and is told at once with its reason") {
  queue q;
  q.order(2);
  q.join(1);
  auto never = pending("j2", "PartitionConfig");
  never.impossible = true;
  const auto out = q.after(surveyed{{running("j1"), never}});
  REQUIRE(out.size() == 2);
  CHECK(std::get<give_up>(out[0]).why.message ==
        "launch 2 (j2) waits, but can never start as it was asked for: PartitionConfig; change "
        "what is asked of the place, and scale again");
  CHECK(out[1] == effect(retire_launches{{"j2"}}));
  CHECK(q.after(surveyed{{running("j1")}}, 1h).empty());
  CHECK(q.machine.inspect().gave_up);
}

TEST_CASE("the kind of a failure is told with it") {
  queue q;
  q.order(1);
  observation last{"j1", phase::gone, "job 7 ended"};
  last.failure = "out of memory";
  CHECK(q.after(surveyed{{last}}) == effects{report_death{1, "out of memory: job 7 ended"}});
  CHECK(q.at(0).state == launch_state::failed);
}

TEST_CASE(
    "the next launch is ordered before the time of the old one is over, and takes its place") {
  queue q;
  q.order(1);
  q.after(scaling::worker_joined{1}, 5min);  // So long they wait here.
  auto runs = running("j1");
  runs.deadline = q.now + 55min;
  q.after(surveyed{{runs}});
  const auto leave = *runs.deadline - worker_options{}.leave_timeout - scaler::farewell;
  CHECK(q.after(clock_ticked{}, leave - 5min - q.now - 1ns).empty());
  CHECK(q.after(clock_ticked{}, 1ns) == effects{make_launches{2, 1}});
  q.after(launch_accepted{2, "j2"});
  CHECK(q.after(surveyed{{runs, pending("j2", "Priority")}}).empty());
  CHECK(q.after(scaling::worker_joined{2}, 1min) == effects{drain_launch{1}});
  CHECK(q.machine.inspect() == scaler::counts{1, 0, 1, 1, false});
}

TEST_CASE("a launch whose time is over drains in time even if nothing has taken its place") {
  queue q;
  q.order(1);
  q.after(scaling::worker_joined{1}, 5min);
  auto runs = running("j1");
  runs.deadline = q.now + 55min;
  q.after(surveyed{{runs}});
  const auto leave = *runs.deadline - worker_options{}.leave_timeout - scaler::farewell;
  q.after(clock_ticked{}, leave - q.now - 1ns);
  CHECK(q.after(clock_ticked{}, 1ns) == effects{drain_launch{1}});
}

TEST_CASE("launches that another process has ordered are taken over, and no number is used again") {
  queue q;
  auto old = running("j7");
  old.launch = 7;
  q.after(surveyed{{old}});
  CHECK(q.machine.inspect() == scaler::counts{0, 0, 0, 1, false});  // Nobody wants it.
  CHECK(q.after(launches_wanted{1}) == effects{make_launches{8, 1}});
}
