#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;
using namespace std::chrono_literals;

namespace {

/// v and w have one thread each and know that f is short; then v has x, which takes for ever, and
/// y and z behind it, and w has nothing.
struct stuck_worker : bench {
  stuck_worker() : bench({.prefetch = 1ms}) {
    join();
    worker("v");
    submit(number(100));
    finish(v, number(100), 1, 100, 200us);
    after(alice, release_task{number(100)});
    submit(x);
    submit(y);
    submit(z);
    after(worker_joined{0, named("w")});
  }

  static std::shared_ptr<hello> named(std::string name) {
    auto who = std::make_shared<hello>();
    who->name = name;
    who->address = name + ":1";
    who->threads = 1;
    who->tasks = {{"f", "()"}};
    return who;
  }

  effects tick(std::chrono::nanoseconds later = 100ms) {
    now += later;
    return after(clock_ticked{});
  }
};

effect give_back(worker_id who, task_id task, std::uint64_t number) {
  return tell_worker{who, return_run{task, {number}}};
}

}  // namespace

TEST_CASE("runs that wait behind a long one are given to who has nothing to do") {
  stuck_worker b;
  REQUIRE(b.snapshot().tasks_processing == 3);
  CHECK(b.machine.deadline() == b.now + 100ms);
  CHECK(b.tick() == effects{give_back(v, y, 3), give_back(v, z, 4)});
  CHECK(b.after(v, run_returned{y, {3}}) == effects{run(w, y, 5)});
  // Though w has a run now, z does not go back to v, which is late.
  CHECK(b.after(v, run_returned{z, {4}}) == effects{run(w, z, 6)});
}

TEST_CASE("nobody is asked for a run twice, nor for what he probably runs") {
  stuck_worker b;
  CHECK(b.tick().size() == 2);
  CHECK(b.tick().empty());
  CHECK(b.tick().empty());
  // It had started y meanwhile, and says nothing.
  CHECK(b.after(v, run_returned{z, {4}}) == effects{run(w, z, 5)});
  CHECK(b.finish(v, x, 2) == effects{done(x, v)});
  CHECK(b.finish(v, y, 3) == effects{done(y, v)});
}

TEST_CASE("a worker that goes on keeps what it has") {
  stuck_worker b;
  b.now += 99ms;
  b.finish(v, x, 2, 100, 200us);
  b.finish(v, y, 3, 100, 200us);
  CHECK_FALSE(b.machine.deadline());
  CHECK(b.tick().empty());
}

TEST_CASE("a worker that was late gets work ahead again once it has ended a run") {
  stuck_worker b;
  b.tick();
  b.after(v, run_returned{y, {3}});
  b.after(v, run_returned{z, {4}});
  for (std::uint64_t i = 10; i < 40; ++i)
    b.submit(number(i));
  REQUIRE(b.snapshot().tasks_queued > 5);
  const auto before = b.snapshot().workers[0].runs_assigned;
  b.finish(v, x, 2, 100, 200us);
  CHECK(b.snapshot().workers[0].runs_assigned > before + 1);
}

TEST_CASE("what needs much data moves only after it has waited as long as moving it takes") {
  bench b({.prefetch = 1ms});
  b.join();
  b.worker("v");
  b.submit(number(100));
  b.finish(v, number(100), 1, 250'000'000, 200us);  // A quarter of a second to move.
  b.submit(x);
  b.submit(y, {number(100)});
  b.worker("w");
  const auto tick = [&] {
    b.now += 100ms;
    return b.after(clock_ticked{});
  };
  CHECK(tick().empty());
  CHECK(tick().empty());
  CHECK(tick() == effects{give_back(v, y, 3)});
}

TEST_CASE("what waits for its input on the same worker stays behind it") {
  stuck_worker b;
  b.submit(number(4), {x});  // Planned behind x.
  REQUIRE(b.snapshot().tasks_processing == 4);
  for (const auto& e : b.tick())
    CHECK(std::get<return_run>(std::get<tell_worker>(e).message).task != number(4));
}
