#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;
using std::chrono::microseconds;

namespace {

/// An input that is made, or kept, on the worker that runs the task.
input_location here(task_id task, std::uint64_t size = 0) {
  return {task, size, {}};
}

/// Alice, the worker v, and functions that are known to take a tenth of a millisecond.
struct timed_cluster : bench {
  timed_cluster() {
    join();
    worker("v");
    submit(number(100));
    finish(v, number(100), 1, 1, microseconds(98));
    after(alice, release_task{number(100)});
  }
};

spec_ptr with_retries() {
  auto s = std::make_shared<task_spec>(*spec());
  s->retries = 1;
  return s;
}

}  // namespace

TEST_CASE("a task goes along with its input, and reports come in order") {
  timed_cluster b;
  CHECK(b.submit(x) == effects{run(v, x, 2)});
  CHECK(b.submit(y, {x}) == effects{run(v, y, 3, {here(x)})});
  CHECK(b.submit(z, {y, x}) == effects{run(v, z, 4, {here(y), here(x)})});
  CHECK(b.finish(v, x, 2) == effects{done(x, v)});
  CHECK(b.finish(v, y, 3) == effects{done(y, v)});
  CHECK(b.finish(v, z, 4) == effects{done(z, v)});
}

TEST_CASE("what depends on a planned task is planned when that is placed, all at once") {
  timed_cluster b;
  b.after(worker_lost{v});
  b.submit(x);
  b.submit(y, {x});
  b.submit(z, {y});
  const auto out = b.worker("w");
  CHECK(effects(out.end() - 3, out.end()) ==
        effects{run(w, x, 2), run(w, y, 3, {here(x)}), run(w, z, 4, {here(y)})});
}

TEST_CASE("nothing is planned behind a function that is long, or that nobody has timed") {
  bench b;
  b.join();
  b.worker("v", 2);
  b.submit(x);
  CHECK(b.submit(y, {x}).empty());
  b.finish(v, x, 1);  // A second.
  CHECK(b.snapshot().tasks_processing == 1);
  CHECK(b.submit(z, {y}).empty());
}

TEST_CASE("nothing is planned whose inputs are made on different workers") {
  timed_cluster b;
  b.worker("w");
  b.submit(x, {}, spec());
  b.submit(y, {}, spec());
  CHECK(b.snapshot().tasks_processing == 2);
  CHECK(b.submit(z, {x, y}).empty());
  b.finish(v, x, 2, 1, microseconds(98));
  // What is still missing is made on w, and x can be fetched.
  CHECK(b.snapshot().tasks_processing == 2);
}

TEST_CASE("what was planned behind a run that goes back goes back with it") {
  timed_cluster b;
  const auto s = with_retries();
  b.submit(x, {}, s);
  b.submit(y, {x});
  b.submit(z, {y});
  CHECK(b.after(v, run_failed{x, {2}, {errc::task_failed, "no", "E"}}) ==
        effects{cancel(v, y, 3), cancel(v, z, 4), run(v, x, 5, {}, s), run(v, y, 6, {here(x)}),
                run(v, z, 7, {here(y)})});
  CHECK(b.finish(v, y, 3).empty());  // Late.
}

TEST_CASE("what was planned behind a run that fails for good fails with it") {
  timed_cluster b;
  b.submit(x);
  b.submit(y, {x});
  const error why{errc::task_failed, "no", "E", "f", "v"};
  auto of_y = why;
  of_y.chain = {"f"};
  CHECK(b.after(v, run_failed{x, {2}, {errc::task_failed, "no", "E"}}) ==
        effects{failed(x, why), cancel(v, y, 3), failed(y, of_y)});
}

TEST_CASE("what was planned on a lost worker waits for its input again") {
  timed_cluster b;
  b.submit(x);
  b.submit(y, {x});
  b.after(worker_lost{v});
  CHECK(b.snapshot().tasks_queued == 1);
  CHECK(b.snapshot().tasks_waiting == 1);
}

TEST_CASE("a worker gets only so much planned work, and more when it has done some") {
  timed_cluster b;
  b.submit(number(1));
  for (std::uint64_t n = 2; n <= 300; ++n)
    b.submit(number(n), {number(n - 1)});
  // 200 tenths of a millisecond.
  CHECK(b.snapshot().tasks_processing == 200);
  for (std::uint64_t n = 1; n <= 300; ++n)
    b.finish(v, number(n), n + 1, 1, microseconds(98));
  CHECK(b.snapshot().tasks_in_memory == 300);
}

TEST_CASE("what follows from one worker's work does not all follow it while another one is idle") {
  timed_cluster b;
  b.worker("w");
  b.submit(number(1));
  for (std::uint64_t n = 2; n <= 300; ++n)
    b.submit(number(n), {number(n - 1)});
  // A millisecond, and the one that goes beyond it.
  CHECK(b.snapshot().tasks_processing == 11);
  b.finish(v, number(1), 2, 1, microseconds(98));
  CHECK(b.snapshot().tasks_processing == 11);
}

TEST_CASE("a late result stays on no worker that runs the task again but does not finish it") {
  timed_cluster b;
  b.submit(x, {}, with_retries());
  b.submit(y, {x});
  b.after(v, run_failed{x, {2}, {errc::task_failed, "no", "E"}});
  CHECK(b.finish(v, y, 3).empty());  // Late: y is on v again, as run 5.
  CHECK(b.after(alice, release_task{y}) == effects{drop(v, y), cancel(v, y, 5)});
}

TEST_CASE("the only copy of what cannot be computed again is not given up for one failed fetch") {
  timed_cluster b;
  b.after(alice, scatter_data{x, 10});
  b.after(v, result_added{x, 10});
  b.submit(y, {x});
  b.finish(v, y, 2);
  b.after(alice, release_task{x});
  CHECK(b.after(alice, locate_result{y, v}) == effects{done(y, v)});
}
