#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;
using namespace std::chrono_literals;

namespace {

spec_ptr needing(std::map<std::string, double> resources, std::vector<std::string> workers = {}) {
  task_spec s = *spec();
  s.resources = std::move(resources);
  s.workers = std::move(workers);
  return std::make_shared<const task_spec>(std::move(s));
}

struct watched : bench {
  explicit watched(scheduler_options options = {}) : bench(options) {
    join();
    worker("v");
  }

  effects tick(std::chrono::nanoseconds later) {
    now += later;
    return after(clock_ticked{});
  }
};

error why_not(const std::string& reason) {
  error why{errc::timeout, "no worker could run 'f' in time: " + reason};
  why.task = "f";
  return why;
}

}  // namespace

TEST_CASE("a task that no worker can run fails after no_worker_timeout, if there is one") {
  watched b({.no_worker_timeout = 5s});
  b.submit(x, {}, needing({{"gpu", 1}}));
  b.submit(y, {}, needing({}, {"w"}));
  CHECK(b.tick(4s).empty());
  CHECK(b.tick(1s) ==
        effects{failed(x, why_not("needs gpu=1, no worker has it")),
                failed(y, why_not("may run only on 'w': no worker that is here has such a name or "
                                  "host, and knows 'f'"))});
}

TEST_CASE("without that timeout it waits, and for a worker that comes in time as well") {
  watched patient;
  patient.submit(x, {}, needing({{"gpu", 1}}));
  CHECK(patient.tick(100h).empty());
  watched b({.no_worker_timeout = 5s});
  b.submit(x, {}, needing({{"gpu", 1}}));
  b.tick(4s);
  CHECK(b.worker("w", 1, {{"gpu", 1}}).back() == run(w, x, 1, {}, needing({{"gpu", 1}})));
  CHECK(b.tick(1s).empty());
}

TEST_CASE("resources that are in use are no reason to fail") {
  watched b({.no_worker_timeout = 5s});
  b.worker("w", 1, {{"gpu", 1}});
  b.submit(x, {}, needing({{"gpu", 1}}));
  b.submit(y, {}, needing({{"gpu", 1}}));
  CHECK(b.tick(10s).empty());
}

TEST_CASE("with no worker at all the timeout counts, too") {
  bench b({.no_worker_timeout = 5s});
  b.join();
  b.submit(x);
  b.now += 5s;
  CHECK(b.after(clock_ticked{}) == effects{failed(x, why_not("no worker is connected"))});
}

TEST_CASE("the watchdog says what has not gone on and why, until something does") {
  watched b({.stuck_after = 30s});
  b.submit(x);
  b.submit(y, {x});
  b.submit(z, {}, needing({{"gpu", 1}}));
  CHECK(b.machine.stuck().empty());
  CHECK(b.machine.deadline() == b.now + 30s);
  b.tick(30s);
  const std::vector<std::string> report{
      "nothing has ended for 30 s, and these have not:", "'f' (task 1:1) is processing: on 'v'",
      "'f' (task 1:3) is queued: needs gpu=1, no worker has it"};
  CHECK(b.machine.stuck() == report);
  CHECK(b.snapshot().stuck == report);
  CHECK_FALSE(b.machine.deadline());
  b.finish(v, x, 1);
  CHECK(b.machine.stuck().empty());
}

TEST_CASE("without work the watchdog sleeps") {
  watched b({.stuck_after = 30s});
  CHECK_FALSE(b.machine.deadline());
  b.submit(x);
  CHECK(b.machine.deadline());
  b.finish(v, x, 1);
  CHECK_FALSE(b.machine.deadline());
}
