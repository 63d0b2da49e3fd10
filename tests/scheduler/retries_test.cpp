#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;
using namespace std::chrono_literals;

namespace {

spec_ptr patient(std::uint32_t retries = 5, std::vector<std::string> on = {}) {
  task_spec s;
  s.function = "f";
  s.signature = "()";
  s.retries = retries;
  s.retry_delay = 1s;
  s.retry_on = std::move(on);
  return std::make_shared<const task_spec>(std::move(s));
}

struct one_worker : bench {
  one_worker() {
    join();
    worker("v", 4);
  }

  effects threw(task_id task, std::uint64_t run, std::string type = "oops") {
    return after(v, run_failed{task, {run}, {errc::task_failed, "no", std::move(type)}});
  }

  effects tick(std::chrono::nanoseconds later) {
    now += later;
    return after(clock_ticked{});
  }
};

}  // namespace

TEST_CASE("each retry waits twice as long as the one before") {
  one_worker b;
  const auto s = patient();
  CHECK(b.submit(x, {}, s) == effects{run(v, x, 1, {}, s)});
  std::uint64_t number = 1;
  for (const auto delay : {1s, 2s, 4s, 8s}) {
    CHECK(b.threw(x, number).empty());
    CHECK(b.machine.deadline() == b.now + delay);
    CHECK(b.tick(delay - 1ms).empty());
    CHECK(b.tick(1ms) == effects{run(v, x, ++number, {}, s)});
  }
  CHECK_FALSE(b.machine.deadline());
}

TEST_CASE("delays of different tasks end in the order of their times") {
  one_worker b;
  const auto s = patient();
  b.submit(x, {}, s);
  b.submit(y, {}, s);
  b.threw(x, 1);
  b.tick(1s);
  b.threw(x, 3);
  CHECK(b.threw(y, 2).empty());
  CHECK(b.tick(1s) == effects{run(v, y, 4, {}, s)});
  CHECK(b.tick(1s) == effects{run(v, x, 5, {}, s)});
}

TEST_CASE("a delay has an upper bound") {
  one_worker b;
  task_spec s = *patient(100);
  s.retry_delay = 50min;
  const auto what = std::make_shared<const task_spec>(s);
  b.submit(x, {}, what);
  b.threw(x, 1);
  CHECK(b.machine.deadline() == b.now + 50min);
  b.tick(50min);
  b.threw(x, 2);
  CHECK(b.machine.deadline() == b.now + 60min);
}

TEST_CASE("only the named exceptions and codes are worth a retry") {
  one_worker b;
  const auto s = patient(5, {"net::down", "timeout"});
  b.submit(x, {}, s);
  const error other{errc::task_failed, "no", "std::bad_alloc", "f", "v"};
  CHECK(b.threw(x, 1, "std::bad_alloc") == effects{failed(x, other)});
  b.submit(y, {}, s);
  CHECK(b.threw(y, 2, "net::down").empty());
  b.tick(1s);
  CHECK(b.after(v, run_failed{y, {3}, {errc::timeout, "too long"}}).empty());
  CHECK(b.tick(2s) == effects{run(v, y, 4, {}, s)});
}

TEST_CASE("a task that waits for its retry can be cancelled and forgotten") {
  one_worker b;
  b.submit(x, {}, patient());
  b.threw(x, 1);
  CHECK(b.snapshot().tasks_waiting == 1);
  CHECK(b.after(alice, release_task{x}).empty());
  CHECK(b.tick(1s).empty());
  CHECK(b.snapshot().tasks_waiting == 0);
  CHECK_FALSE(b.machine.deadline());
}

TEST_CASE("an input that is lost during the delay is computed before the retry") {
  one_worker b;
  b.worker("w");
  const auto s = patient();
  b.submit(x);
  b.finish(v, x, 1);
  b.submit(y, {x}, s);
  b.after(worker_lost{v});
  // x ran on v, and y was there: both start again on w, one after the other.
  REQUIRE(b.snapshot().tasks_processing == 1);
  b.finish(w, x, 3);
  CHECK(b.after(w, run_failed{y, {4}, {errc::task_failed, "no", "oops"}}).empty());
  b.worker("u");
  CHECK(b.after(worker_lost{w}) == effects{run(u, x, 5)});
  CHECK(b.tick(1s).empty());
  CHECK(b.finish(u, x, 5).back() == run(u, y, 6, {{x, 100, {}}}, s));
}
