#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;

namespace {

/// alice, and v and w with one thread each.
struct pair_of_workers : bench {
  explicit pair_of_workers(scheduler_options options = {.prefetch = {}}) : bench(options) {
    join();
    worker("v");
    worker("w");
  }

  effects leave(worker_id who) { return after(who, worker_changed{worker_state::leaving}); }

  effects look() {
    now = machine.deadline().value();
    return after(clock_ticked{});
  }
};

/// The same, each in a launch of its own.
struct launched_workers : bench {
  launched_workers() : bench({.prefetch = {}}) {
    join();
    for (const std::string name : {"v", "w"}) {
      auto who = std::make_shared<hello>();
      who->as = role::worker;
      who->name = name;
      who->launch = "launch-" + name;
      who->threads = 1;
      who->tasks = {{"f", "()"}, {"g", "()"}};
      after(worker_joined{0, std::move(who)});
    }
  }
};

effect stop(worker_id who) {
  return tell_worker{who, stop_worker{}};
}

effect replicate(worker_id to, std::vector<input_location> what) {
  return tell_worker{to, replicate_results{std::move(what)}};
}

}  // namespace

TEST_CASE("a worker that leaves and has nothing goes at once") {
  pair_of_workers b;
  CHECK(b.leave(v) == effects{stop(v)});
  CHECK_FALSE(b.machine.deadline());
  CHECK(b.submit(x) == effects{run(w, x, 1)});
}

TEST_CASE("a worker that leaves does not wait for data that a client has yet to send") {
  pair_of_workers b;
  b.after(alice, scatter_data{x, 100});
  b.after(client_lost{alice});
  CHECK(b.leave(w) == effects{stop(w)});
}

TEST_CASE("the workers of a launch that is unwanted are told to leave, and no others") {
  launched_workers b;
  CHECK(b.after(core::scheduling::launch_unwanted{"launch-w"}) ==
        effects{tell_worker{w, leave_cluster{}}});
  CHECK(b.after(core::scheduling::launch_unwanted{"launch-nobody"}).empty());
}

TEST_CASE("only copies move to another worker before their worker goes") {
  pair_of_workers b;
  b.submit(x);
  b.finish(v, x, 1);
  CHECK(b.leave(v) == effects{meet(w, v, "v"), replicate(w, {{x, 100, {v}}})});
  CHECK(b.look().empty());
  b.after(w, result_added{x, 100});
  CHECK(b.look() == effects{stop(v)});
  CHECK(b.after(worker_lost{v}).empty());
  CHECK(b.snapshot().tasks_in_memory == 1);
}

TEST_CASE("what runs on a worker that leaves may end, and what it returns runs elsewhere") {
  bench b;
  b.join();
  b.worker("v", 2);
  b.submit(x);
  b.submit(y);
  b.worker("w");
  CHECK(b.after(v, worker_changed{worker_state::leaving}).empty());
  CHECK(b.after(v, run_returned{y, {2}}) == effects{run(w, y, 3)});
  b.after(alice, release_task{y});
  b.finish(v, x, 1);
  b.after(alice, release_task{x});
  b.now = b.machine.deadline().value();
  CHECK(b.after(clock_ticked{}) == effects{stop(v)});
}

TEST_CASE("a worker that leaves and is lost too early is not held against its tasks") {
  pair_of_workers b({.worker_losses_max = 0, .prefetch = {}});
  b.submit(x);
  b.submit(y);
  b.leave(v);
  CHECK(b.after(worker_lost{v}).empty());
  CHECK(b.snapshot().tasks_queued == 1);
  CHECK_FALSE(b.machine.deadline());
}

TEST_CASE("if nobody else is there to take what it has, a worker goes all the same") {
  pair_of_workers b;
  b.submit(x);
  b.finish(v, x, 1);
  b.after(w, worker_changed{worker_state::paused});
  CHECK(b.leave(v) == effects{stop(v)});
}

TEST_CASE("if who was to take a result goes too, another worker is asked") {
  pair_of_workers b;
  b.worker("u");
  b.submit(x);
  b.finish(v, x, 1);
  const auto first = b.leave(v);
  REQUIRE(first.size() == 2);
  const auto taker = std::get<tell_worker>(first.back()).worker;
  const auto other = taker == w ? u : w;
  CHECK(b.leave(taker) ==
        effects{meet(other, v, "v"), replicate(other, {{x, 100, {v}}}), stop(taker)});
}

TEST_CASE("if a copy does not arrive, it is asked for again") {
  pair_of_workers b;
  b.submit(x);
  b.finish(v, x, 1);
  b.leave(v);
  b.now += std::chrono::milliseconds(9'900);
  CHECK(b.after(clock_ticked{}).empty());
  b.now += std::chrono::milliseconds(200);
  CHECK(b.after(clock_ticked{}) == effects{replicate(w, {{x, 100, {v}}})});
}

TEST_CASE("a paused worker gets no work, and gets it again when it has room") {
  pair_of_workers b;
  b.after(v, worker_changed{worker_state::paused});
  b.after(w, worker_changed{worker_state::paused});
  CHECK(b.submit(x).empty());
  CHECK(b.snapshot().pending_reason == "all 2 workers take no new work: paused or leaving");
  CHECK(b.snapshot().workers[0].state == worker_state::paused);
  CHECK(b.after(w, worker_changed{worker_state::running}) == effects{run(w, x, 1)});
}

TEST_CASE("tasks that need resources wait for a paused worker, and go on with it") {
  bench b;
  b.join();
  b.worker("v", 1, {{"gpu", 1}});
  b.after(v, worker_changed{worker_state::paused});
  task_spec s;
  s.function = "f";
  s.signature = "()";
  s.resources = {{"gpu", 1}};
  CHECK(b.submit(x, {}, std::make_shared<const task_spec>(s)).empty());
  CHECK(b.after(v, worker_changed{worker_state::running}).size() == 1);
}

TEST_CASE("the load counts what runs and what waits for a thread, and names what launches have") {
  launched_workers b;
  CHECK(b.machine.load() ==
        core::scheduling::scheduler_load{1, {}, {{"launch-v", {}}, {"launch-w", {}}}});
  const auto runs = [](const core::scheduling::scheduler_load& load) {
    std::uint64_t all = 0;
    for (const auto& [needs, some] : load.queued)
      all += some.runs;
    for (const auto& [launch, some] : load.launches)
      all += some.runs;
    return all;
  };
  b.submit(x);
  b.submit(y);
  b.submit(z);
  const auto busy = b.machine.load();
  CHECK(runs(busy) == 3);
  CHECK(busy.queued.at({}).work_ns > 0);
  CHECK(busy.launches.at("launch-v").work_ns > 0);
  b.finish(v, x, 1);
  const auto later = b.machine.load();
  CHECK(runs(later) == 2);
  CHECK(later.launches.at("launch-v").results_bytes == 100);
  CHECK(later.launches.at("launch-v").cost() > later.launches.at("launch-w").cost());
}

TEST_CASE("the load tells what the queued tasks need") {
  launched_workers b;
  task_spec s;
  s.function = "f";
  s.signature = "()";
  s.resources = {{"gpu", 1}};
  b.submit(x, {}, std::make_shared<const task_spec>(s));
  const auto load = b.machine.load();
  REQUIRE(load.queued.size() == 1);
  const auto& [needs, queued] = *load.queued.begin();
  CHECK(needs == core::to_amounts({{"gpu", 1}}));
  CHECK(queued.runs == 1);
  CHECK(queued.work_ns > 0);
}
