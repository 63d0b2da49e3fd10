#include <algorithm>
#include <deque>

#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;
using namespace std::chrono_literals;

namespace {

/// Workers that run what they are given, in the order in which it comes.
struct crew : bench {
  explicit crew(std::uint32_t size) : lines(size) {
    join();
    for (std::uint32_t i = 0; i < size; ++i)
      take(worker("w" + std::to_string(i)));
  }

  void take(const effects& all) {
    for (const auto& e : all) {
      const auto* order = std::get_if<tell_worker>(&e);
      if (!order) continue;
      if (const auto* r = std::get_if<run_task>(&order->message))
        lines[order->worker.value - 1].push_back({r->task, r->run});
    }
  }

  void give(task_id task, std::vector<task_id> inputs, bool keep) {
    take(submit(task, inputs));
    for (const auto in : inputs)
      take(after(alice, release_task{in}));
    if (keep) kept.push_back(task);
  }

  /// Each worker in turn ends one run, until all is done.
  void work(std::chrono::nanoseconds each) {
    for (bool any = true; any;) {
      any = false;
      for (std::uint32_t i = 0; i < lines.size(); ++i) {
        if (lines[i].empty()) continue;
        const auto [task, run] = lines[i].front();
        lines[i].pop_front();
        now += each / lines.size();
        take(after(worker_id{i + 1}, run_finished{task, run, 100, each, false, {}}));
        most_in_memory = std::max(most_in_memory, snapshot().tasks_in_memory);
        ended.push_back(task);
        any = true;
      }
    }
  }

  std::size_t place_of(task_id t) const {
    return static_cast<std::size_t>(std::find(ended.begin(), ended.end(), t) - ended.begin());
  }

  struct one {
    task_id task;
    run_id run;
  };

  std::vector<std::deque<one>> lines;
  std::vector<task_id> kept;
  std::vector<task_id> ended;
  std::uint64_t most_in_memory = 0;
};

}  // namespace

TEST_CASE("a wide map and its reductions keep few results in memory, however wide") {
  for (const auto each : {1s / 1, 1s / 100}) {
    crew c(4);
    const std::uint64_t groups = 100;
    for (std::uint64_t i = 1; i <= 4 * groups; ++i)
      c.give(number(i), {}, false);
    for (std::uint64_t g = 0; g < groups; ++g)
      c.give(number(1000 + g),
             {number(4 * g + 1), number(4 * g + 2), number(4 * g + 3), number(4 * g + 4)}, false);
    std::vector<task_id> sums;
    for (std::uint64_t g = 0; g < groups; ++g)
      sums.push_back(number(1000 + g));
    // Sums of ten sums, so that their results go as well.
    for (std::uint64_t g = 0; g < groups / 10; ++g)
      c.give(number(2000 + g), {sums.begin() + 10 * g, sums.begin() + 10 * g + 10}, true);
    c.work(each);
    CHECK(c.snapshot().tasks_in_memory == groups / 10);
    // Of 400, which would all be there if the maps went first.
    CHECK(c.most_in_memory <= 50);
  }
}

TEST_CASE("maps over one shared input are reduced as soon as those over none") {
  crew c(2);
  c.take(c.submit(x));
  c.work(10ms);  // No pause: the maps are of its generation.
  for (std::uint64_t i = 1; i <= 60; ++i)
    c.take(c.submit(number(100 + i), {x}));
  for (std::uint64_t g = 0; g < 30; ++g)
    c.give(number(1000 + g), {number(101 + 2 * g), number(102 + 2 * g)}, true);
  c.work(1s);
  CHECK(c.most_in_memory <= 30 + 1 + 2 * 2);
}

TEST_CASE("what a client submits after a pause waits for what it submitted before") {
  crew c(1);
  for (std::uint64_t i = 1; i <= 10; ++i)
    c.take(c.submit(number(i)));
  c.now += 200ms;
  c.take(c.submit(number(100), {number(1)}));
  c.work(1s);
  CHECK(c.place_of(number(100)) == 10);
}

TEST_CASE("without a pause it goes before them, and priority goes before everything") {
  crew c(1);
  for (std::uint64_t i = 1; i <= 10; ++i)
    c.take(c.submit(number(i)));
  task_spec s = *spec();
  s.priority = 1;
  c.take(c.submit(number(100), {number(1)}));
  c.take(c.submit(number(50), {}, std::make_shared<const task_spec>(s)));
  c.work(1s);
  CHECK(c.place_of(number(50)) == 1);
  CHECK(c.place_of(number(100)) == 2);
}

TEST_CASE(
    "tasks that are needed together are run together, however far apart they were submitted") {
  crew c(2);
  const std::uint64_t pairs = 100;
  const std::uint64_t b = 1000;
  for (std::uint64_t i = 1; i <= pairs; ++i)
    c.take(c.submit(number(i)));
  for (std::uint64_t i = 1; i <= pairs; ++i)
    c.take(c.submit(number(b + i)));
  // One more step on the way from b to the sum.
  for (std::uint64_t i = 1; i <= pairs; ++i)
    c.give(number(2 * b + i), {number(b + i)}, false);
  for (std::uint64_t i = 1; i <= pairs; ++i)
    c.give(number(3 * b + i), {number(i), number(2 * b + i)}, true);
  c.work(1s);
  CHECK(c.snapshot().tasks_in_memory == pairs);
  CHECK(c.most_in_memory <= pairs + 6);
  CHECK(c.place_of(number(3 * b + 1)) <= 10);
}

TEST_CASE("who submits for long without a pause does not go before others for ever") {
  crew c(1);
  c.after(client_joined{0, std::make_shared<hello>()});
  const auto task_of_bob = make_task_id(bob, 1);
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    c.now += 50ms;
    c.take(c.submit(number(i), i > 1 ? std::vector{number(i - 1)} : std::vector<task_id>{}));
    if (i == 1) c.take(c.after(bob, submit_task{task_of_bob, spec(), {}, {}}));
  }
  c.work(1s);
  CHECK(c.place_of(task_of_bob) < 500);
}
