#include <algorithm>
#include <map>

#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;
using namespace std::chrono_literals;

namespace {

/// alice, and v, w and u with one thread each; x is on v.
struct three_workers : bench {
  three_workers() : bench({.copies_kept = 1s, .prefetch = {}}) {
    join();
    worker("v");
    worker("w");
    worker("u");
    submit(x);
    finish(v, x, 1);
  }

  effects look() {
    now = machine.deadline().value_or(now + 1s);
    return after(clock_ticked{});
  }
};

effect replicate(worker_id to, task_id task, std::uint64_t size, std::vector<worker_id> holders) {
  return tell_worker{to, replicate_results{{{task, size, std::move(holders)}}}};
}

std::size_t results_of(const cluster_snapshot& s) {
  std::size_t all = 0;
  for (const auto& one : s.workers)
    all += one.results;
  return all;
}

}  // namespace

TEST_CASE("a copy that nothing waits for is dropped when it was so twice") {
  three_workers b;
  b.after(w, result_added{x, 100});
  CHECK(b.machine.deadline() == b.now + 1s);
  CHECK(b.look().empty());
  CHECK(b.look() == effects{drop(w, x)});
  CHECK(b.snapshot().tasks_in_memory == 1);
  b.look();
  CHECK_FALSE(b.machine.deadline());
}

TEST_CASE("the result of a run that was given up is a copy, also for who was asked for one") {
  bench b({.copies_kept = 1s, .prefetch = {}});
  b.join();
  b.worker("v");
  b.worker("w");
  b.submit(x);
  // w has it from an earlier life: v need not go on, but has ended before it hears so.
  b.after(w, result_added{x, 100});
  b.after(w, worker_changed{worker_state::leaving});
  CHECK(b.finish(v, x, 1).empty());
  CHECK(b.after(v, result_added{x, 100}).empty());
  CHECK(results_of(b.snapshot()) == 2);
}

TEST_CASE("a copy stays while a task needs the result") {
  three_workers b;
  b.submit(y, {x});
  b.after(w, result_added{x, 100});
  for (int i = 0; i < 5; ++i) {
    b.now += 1s;
    CHECK(b.after(clock_ticked{}).empty());
  }
  b.finish(v, y, 2);
  CHECK(b.look().empty());
  CHECK(b.look() == effects{drop(w, x)});
}

TEST_CASE("while a task needs copies for long, they are looked at seldom") {
  three_workers b;
  b.submit(y, {x});
  b.after(w, result_added{x, 100});
  int looks = 0;
  for (const auto end = b.now + 1h; b.now < end; ++looks)
    b.look();
  CHECK(looks < 80);
}

TEST_CASE("the last copy on a worker that stays is never dropped for one on a worker that leaves") {
  three_workers b;
  b.after(w, result_added{x, 100});
  b.after(v, worker_changed{worker_state::leaving});
  for (int i = 0; i < 4; ++i) {
    b.now += 1s;
    for (const auto& e : b.after(clock_ticked{}))
      CHECK(e == effect(tell_worker{v, stop_worker{}}));
  }
  b.after(worker_lost{v});
  CHECK(b.snapshot().tasks_in_memory == 1);
}

TEST_CASE("who asks for copies gets them, and again after one was lost") {
  three_workers b;
  const auto asked = b.after(alice, replicate_result{x, 2});
  REQUIRE(asked.size() == 2);
  const auto to = std::get<tell_worker>(asked.back()).worker;
  const auto other = to == w ? u : w;
  CHECK(asked.back() == replicate(to, x, 100, {v}));
  b.after(to, result_added{x, 100});
  for (int i = 0; i < 4; ++i)
    CHECK(b.look().empty());
  CHECK_FALSE(b.machine.deadline());
  b.after(worker_lost{to});
  const auto again = b.look();
  REQUIRE(again.size() == 2);
  CHECK(again.back() == replicate(other, x, 100, {v}));
}

TEST_CASE("a result that is not there yet gets its copies when it is") {
  three_workers b;
  b.submit(y);
  CHECK(b.after(alice, replicate_result{y, 3}).empty());
  const auto made = b.finish(v, y, 2);
  CHECK(std::count_if(made.begin(), made.end(), [](const effect& e) {
          const auto* order = std::get_if<tell_worker>(&e);
          return order && std::holds_alternative<replicate_results>(order->message);
        }) == 2);
}

TEST_CASE(
    "more copies than workers are as many as there are workers, and none are asked for late") {
  three_workers b;
  b.after(alice, replicate_result{x, 10});
  b.after(w, result_added{x, 100});
  b.after(u, result_added{x, 100});
  CHECK(b.look().empty());
  CHECK(b.look().empty());
  CHECK(results_of(b.snapshot()) == 3);
  CHECK(b.after(alice, release_task{x}) == effects{drop(v, x), drop(w, x), drop(u, x)});
  CHECK_FALSE(b.machine.deadline());
}

TEST_CASE("rebalancing moves results to who has little, and drops them behind") {
  three_workers b;
  for (std::uint64_t i = 2; i <= 7; ++i) {
    b.submit(number(i));
    b.finish(v, number(i), i, 100 << 20);
  }
  std::map<worker_id, std::vector<task_id>> moved;
  for (const auto& e : b.after(alice, rebalance_results{}))
    if (const auto* order = std::get_if<tell_worker>(&e))
      if (const auto* r = std::get_if<replicate_results>(&order->message))
        for (const auto& one : r->results)
          moved[order->worker].push_back(one.task);
  CHECK(moved[w].size() == 2);
  CHECK(moved[u].size() == 2);
  for (const auto& [to, tasks] : moved)
    for (const auto task : tasks)
      b.after(to, result_added{task, 100 << 20});
  CHECK(b.look().size() == 4);
  const auto s = b.snapshot();
  CHECK(s.workers[0].results == 3);
  CHECK(s.workers[1].results == 2);
  CHECK(s.workers[2].results == 2);
  CHECK(b.after(alice, rebalance_results{}).empty());
}

TEST_CASE("workers that are retired are asked to leave, whoever asks") {
  three_workers b;
  const effects leaving{tell_worker{v, leave_cluster{}}, tell_worker{u, leave_cluster{}}};
  CHECK(b.after(alice, retire_workers{{"v", "u", "nobody"}}) == leaving);
  CHECK(b.after(client_id{}, retire_workers{{"w"}}) == effects{tell_worker{w, leave_cluster{}}});
}
