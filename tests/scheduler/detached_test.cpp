#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;

namespace {

struct with_v : bench {
  explicit with_v(scheduler_options options = {}) : bench(std::move(options)) {
    join();
    worker("v");
  }
};

}  // namespace

TEST_CASE("a detached task runs on when nobody wants it, and its result is dropped") {
  with_v b;
  b.submit(x);
  CHECK(b.after(alice, detach_task{x}).empty());
  CHECK(b.after(alice, release_task{x}).empty());
  CHECK(b.finish(v, x, 1) == effects{drop(v, x)});
  CHECK(b.snapshot().tasks_in_memory == 0);
}

TEST_CASE("a detached task runs on when its client leaves, with all that it waits for") {
  with_v b;
  b.submit(x);
  b.submit(y, {x});
  b.submit(z);
  b.after(alice, detach_task{y});
  CHECK(b.after(alice, leave_scheduler{}).empty());
  CHECK(b.snapshot().tasks_queued == 0);
  CHECK(b.snapshot().tasks_waiting == 1);
  CHECK(b.finish(v, x, 1) == effects{run(v, y, 2, {{x, 100, {}}})});
  b.finish(v, y, 2);
  CHECK(b.snapshot().tasks_in_memory + b.snapshot().tasks_processing == 0);
}

TEST_CASE("a detached task survives its worker, and ends when it fails") {
  with_v b;
  b.submit(x);
  b.after(alice, detach_task{x});
  b.after(alice, release_task{x});
  b.after(worker_lost{v});
  CHECK(b.worker("w").back() == run(w, x, 2));
  CHECK(b.after(w, run_failed{x, {2}, {errc::task_failed, "no", "oops"}}).empty());
  CHECK(b.snapshot().tasks_failed == 0);
}

TEST_CASE("what is done already, or of somebody else, is not detached") {
  with_v b;
  b.join();
  b.submit(x);
  CHECK(b.after(bob, detach_task{x}).empty());
  CHECK(b.after(alice, release_task{x}) == effects{cancel(v, x, 1)});
  b.submit(y);
  b.finish(v, y, 2);
  b.after(alice, detach_task{y});
  CHECK(b.after(alice, release_task{y}) == effects{drop(v, y)});
}
