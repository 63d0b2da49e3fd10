#include "actors/cluster/core/adapting.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "actors/cluster/core/scaling.hpp"

using namespace troupe;
using namespace troupe::core;
using namespace troupe::core::scaling;
using namespace std::chrono_literals;

namespace {

constexpr adapt_wanted limits{0, 8, 5s, 30s};
/// Launches of four workers with one thread and 100 bytes each.
constexpr adapter::shape four{4, 1, 100};

load_seen work(std::uint64_t runs, std::chrono::nanoseconds each) {
  return {runs, runs * static_cast<std::uint64_t>(each.count()), 0, {}};
}

/// A queue that lets a launch wait, and a scheduler with work: on a clock of their own. What the
/// machine does to it is counted.
struct busy_queue {
  config options;
  scaler machine{options, four};
  time_point now{1h};
  std::chrono::nanoseconds wait = 1min;
  load_seen load;
  std::map<launch_number, time_point> submitted;
  std::set<launch_number> running, leaving;
  unsigned orders = 0, cancelled = 0, drained = 0;
  std::size_t most = 0;

  void feed(const event& what) {
    std::vector<effect> out;
    machine.handle(what, now, out);
    machine.check_invariants();
    for (const auto& e : out)
      std::visit([this](const auto& x) { carry_out(x); }, e);
  }

  void carry_out(const make_launches& e) {
    for (auto n = e.first; n < e.first + e.count; ++n, ++orders) {
      submitted[n] = now;
      feed(launch_accepted{n, std::to_string(n)});
    }
    most = std::max(most, submitted.size());
  }

  void carry_out(const drain_launch& e) {
    ++drained;
    leaving.insert(e.launch);
  }

  void carry_out(const retire_launches& e) {
    for (const auto& id : e.ids) {
      const auto n = std::stoul(id);
      if (submitted.erase(n) > 0 && !leaving.contains(n)) ++cancelled;
      running.erase(n);
    }
  }

  void carry_out(const take_survey&) {
    surveyed all;
    for (const auto& [n, since] : submitted) {
      const auto at =
          running.contains(n) ? observation::phase::running : observation::phase::pending;
      all.all.push_back({std::to_string(n), at, {}, false, n});
    }
    feed(all);
    feed(load);
  }

  void carry_out(const report_death&) {}

  void carry_out(const give_up&) { FAIL("it gave up"); }

  void pass(std::chrono::seconds time) {
    for (const auto until = now + time; now < until; now += 1s) {
      for (const auto n : std::set<launch_number>(leaving)) {
        for (std::uint32_t i = 0; i < four.workers; ++i)
          feed(scaling::worker_lost{n});
        leaving.erase(n);
        running.erase(n);
        submitted.erase(n);
      }
      for (const auto& [n, since] : std::map<launch_number, time_point>(submitted))
        if (now - since >= wait && running.insert(n).second)
          for (std::uint32_t i = 0; i < four.workers; ++i)
            feed(scaling::worker_joined{n});
      feed(clock_ticked{});
    }
  }
};

}  // namespace

TEST_CASE("as many launches are needed as end the work in time, and no more than it has runs") {
  adapter a(limits, four);
  const time_point now{1h};
  CHECK(a.needed(work(80, 1s), 0, 0s, now) == 4);  // 16 threads for 5 s.
  CHECK(a.needed(work(6, 1h), 0, 0s, now) == 4);   // Six threads now, 16 a moment ago.
  CHECK(a.needed(work(6, 1h), 0, 0s, now + 31s) == 2);
  CHECK(a.needed(work(9999, 1h), 0, 0s, now + 32s) == 8);  // The limit.
}

TEST_CASE("the lower limit holds without work, and nothing else does") {
  CHECK(adapter({2, 8, 5s, 30s}, four).needed({}, 0, 0s, time_point{1h}) == 2);
  CHECK(adapter(limits, four).needed({}, 3, 0s, time_point{1h}) == 0);
}

TEST_CASE("nothing is ordered that would come when the work is done") {
  adapter a(limits, four);
  CHECK(a.needed(work(80, 1s), 1, 30s, time_point{1h}) == 1);  // 20 s for the four threads here.
  CHECK(a.needed(work(800, 1s), 1, 30s, time_point{1h}) == 8);
}

TEST_CASE("a pause between two bursts costs nothing, a long one all") {
  adapter a(limits, four);
  time_point now{1h};
  CHECK(a.needed(work(80, 1s), 0, 0s, now) == 4);
  CHECK(a.needed({}, 4, 0s, now += 29s) == 4);
  CHECK(a.needed(work(80, 1s), 4, 0s, now += 1s) == 4);
  CHECK(a.needed({}, 4, 0s, now += 29s) == 4);
  CHECK(a.needed({}, 4, 0s, now += 2s) == 0);
}

TEST_CASE("what took long to come is kept for as long") {
  adapter a(limits, four);
  CHECK(a.needed(work(800, 10s), 0, 10min, time_point{1h}) == 8);
  CHECK(a.needed({}, 8, 10min, time_point{1h} + 9min) == 8);
  CHECK(a.needed({}, 8, 10min, time_point{1h} + 11min) == 0);
}

TEST_CASE("results that fill the memory ask for more launches") {
  adapter a(limits, four);
  load_seen full;
  full.results_bytes = 500;  // 240 of the 400 of a launch may be taken.
  CHECK(a.needed(full, 1, 0s, time_point{1h}) == 3);
}

TEST_CASE("one task on a busy queue is one launch, ordered once, whatever its size") {
  // A known scheduler cancels here what has not started, because only one of its four workers was
  // needed, and then orders it again: 10 orders and 9 cancellations in 8 s.
  busy_queue q;
  q.wait = 2min;
  q.feed(limits);
  q.load = work(1, 100ms);
  q.pass(5min);
  CHECK(q.orders == 1);
  CHECK(q.cancelled == 0);
  CHECK(q.running.size() == 1);
  q.load = {};
  q.pass(6min);
  CHECK(q.submitted.empty());
  CHECK(q.drained == 1);
  CHECK(q.orders == 1);
}

TEST_CASE("a load that swings orders launches once and keeps them") {
  busy_queue q;
  q.feed(limits);
  for (int i = 0; i < 40; ++i) {
    q.load = i % 2 == 0 ? work(4000, 1s) : load_seen{};
    q.pass(20s);
  }
  CHECK(q.orders == 8);
  CHECK(q.cancelled == 0);
  CHECK(q.drained == 0);
  CHECK(q.running.size() == 8);
}

TEST_CASE("a burst grows to the limit, and afterwards all workers leave through the scheduler") {
  busy_queue q;
  q.feed(adapt_wanted{1, 6, 5s, 30s});
  q.pass(90s);
  CHECK(q.running.size() == 1);
  q.load = work(100'000, 1s);
  q.pass(3min);
  CHECK(q.running.size() == 6);
  CHECK(q.most == 6);
  q.load = {};
  q.pass(5min);
  CHECK(q.running.size() == 1);
  CHECK(q.drained == 5);
  CHECK(q.cancelled == 0);
}

TEST_CASE("a size that is asked for ends adapting") {
  busy_queue q;
  q.feed(limits);
  q.load = work(100'000, 1s);
  q.pass(2min);
  q.feed(launches_wanted{2});
  q.pass(2min);
  CHECK(q.running.size() == 2);
}
