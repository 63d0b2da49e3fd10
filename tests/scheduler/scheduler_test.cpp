#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;

namespace {

/// Alice and worker v, with one thread.
struct small_cluster : bench {
  small_cluster() {
    join();
    worker("v");
  }
};

input_location at(task_id task, std::vector<worker_id> holders = {}, std::uint64_t size = 100) {
  return {task, size, std::move(holders)};
}

}  // namespace

TEST_CASE("who joins is numbered and welcomed") {
  bench b;
  CHECK(b.after(client_joined{7, std::make_shared<hello>()}) ==
        effects{admit_client{7, alice}, welcome(alice)});
  CHECK(b.after(client_joined{8, std::make_shared<hello>()}) ==
        effects{admit_client{8, bob}, welcome(bob)});
  CHECK(b.worker("v") == effects{admit_worker{0, v}, welcome(v)});
}

TEST_CASE("a task runs, and its client hears where the result is") {
  small_cluster b;
  CHECK(b.submit(x) == effects{run(v, x, 1)});
  CHECK(b.finish(v, x, 1) == effects{meet(alice, v, "v"), done(x, v)});
}

TEST_CASE("a small result goes along to the client") {
  small_cluster b;
  b.submit(x);
  const value small(bytes::copy("42"));
  CHECK(b.after(v, run_finished{x, {1}, 2, {}, true, small}) ==
        effects{meet(alice, v, "v"), tell_client{alice, task_done{x, v, 2, true, small}}});
}

TEST_CASE("a worker is introduced to each peer once") {
  small_cluster b;
  b.submit(x);
  b.submit(y);
  b.finish(v, x, 1);
  CHECK(b.finish(v, y, 2) == effects{done(y, v)});
}

TEST_CASE("a task that is submitted twice is one task") {
  small_cluster b;
  b.submit(x);
  CHECK(b.submit(x).empty());
}

TEST_CASE("a client can only make tasks of its own number") {
  small_cluster b;
  const auto foreign = make_task_id(bob, 1);
  const auto out = b.submit(foreign);
  REQUIRE(out.size() == 1);
  const auto& reply = std::get<tell_client>(out[0]);
  CHECK(reply.client == alice);
  CHECK(std::get<task_failed>(reply.message).why.code == errc::bad_argument);
}

TEST_CASE("what strangers say is ignored") {
  small_cluster b;
  CHECK(b.after(bob, submit_task{make_task_id(bob, 1), spec(), {}, {}}).empty());
  CHECK(b.after(w, run_finished{x, {1}, 1, {}, false, {}}).empty());
  CHECK(b.after(client_lost{bob}).empty());
  CHECK(b.after(worker_lost{w}).empty());
  CHECK(b.after(alice, release_task{x}).empty());
  CHECK(b.after(alice, cancel_task{x}).empty());
  CHECK(b.after(clock_ticked{}).empty());
}

TEST_CASE("a task runs once its inputs are in memory, and not before") {
  small_cluster b;
  CHECK(b.submit(x) == effects{run(v, x, 1)});
  CHECK(b.submit(y, {x, x}).empty());
  CHECK(b.finish(v, x, 1) ==
        effects{meet(alice, v, "v"), done(x, v), run(v, y, 2, {at(x), at(x)})});
}

TEST_CASE("an input that was released, or never was, fails the task") {
  small_cluster b;
  b.submit(x);
  b.finish(v, x, 1);
  b.after(alice, release_task{x});
  error why{
      errc::unknown_input,
      "input 0 of 'f' (task 1 of client 1) was released before it was used, or never existed"};
  why.task = "f";
  CHECK(b.submit(y, {x}) == effects{failed(y, why)});
  const auto self = b.submit(z, {z});
  REQUIRE(self.size() == 1);
  CHECK(std::get<task_failed>(std::get<tell_client>(self[0]).message).why.code ==
        errc::unknown_input);
}

TEST_CASE("who fetches an input is told where it is and who that is") {
  small_cluster b;
  b.worker("w");
  b.submit(x);  // On v.
  b.submit(y);  // On w.
  b.finish(v, x, 1, 10);
  b.finish(w, y, 2, 5'000'000);
  CHECK(b.submit(z, {x, y}) ==
        effects{meet(w, v, "v"), run(w, z, 3, {at(x, {v}, 10), at(y, {}, 5'000'000)})});
}

TEST_CASE("a result is dropped when its client releases it and no task needs it") {
  small_cluster b;
  b.submit(x);
  b.finish(v, x, 1);
  CHECK(b.after(alice, release_task{x}) == effects{drop(v, x)});
  CHECK(b.snapshot().tasks_in_memory == 0);
}

TEST_CASE("a released result stays until the last task that needs it is done") {
  small_cluster b;
  b.submit(x);
  b.submit(y, {x});
  b.finish(v, x, 1);
  CHECK(b.after(alice, release_task{x}).empty());
  CHECK(b.finish(v, y, 2) == effects{done(y, v), drop(v, x)});
}

TEST_CASE("a task that nobody wants any more is called off") {
  small_cluster b;
  b.submit(x);
  b.submit(y, {x});
  CHECK(b.after(alice, release_task{x}).empty());
  CHECK(b.after(alice, release_task{y}) == effects{cancel(v, x, 1)});
  CHECK(b.finish(v, x, 1) == effects{drop(v, x)});
}

TEST_CASE("the report of a run that was given up is ignored") {
  small_cluster b;
  b.worker("w");
  b.submit(x);
  b.after(worker_lost{v});  // Runs on w, as run 2.
  CHECK(b.finish(w, x, 1).empty());
  CHECK(b.after(w, run_failed{x, {1}, {errc::task_failed, "late"}}).empty());
  CHECK(b.after(w, inputs_missing{x, {1}, {}}).empty());
  CHECK(b.finish(w, x, 2) == effects{meet(alice, w, "w"), done(x, w)});
}

TEST_CASE("a task that throws runs again as often as it may, and then fails") {
  small_cluster b;
  auto s = std::make_shared<task_spec>(*spec());
  s->retries = 1;
  b.submit(x, {}, s);
  const error thrown{errc::task_failed, "out of range", "std::out_of_range"};
  CHECK(b.after(v, run_failed{x, {1}, thrown}) == effects{run(v, x, 2, {}, s)});
  auto why = thrown;
  why.task = "f";
  why.worker = "v";
  CHECK(b.after(v, run_failed{x, {2}, thrown}) == effects{failed(x, why)});
}

TEST_CASE("a failure goes to all that need the task, with the names on the way") {
  small_cluster b;
  b.submit(x);
  b.submit(y, {x}, spec("g"));
  b.submit(z, {y, x}, spec("f"));
  error why{errc::task_failed, "no", "E", "f", "v"};
  auto of_y = why;
  of_y.chain = {"g"};
  auto of_z = why;
  of_z.chain = {"f"};
  CHECK(b.after(v, run_failed{x, {1}, {errc::task_failed, "no", "E"}}) ==
        effects{failed(x, why), failed(y, of_y), failed(z, of_z)});
  of_z.chain = {"f", "g"};
  CHECK(b.submit(number(4), {z}, spec("g")) == effects{failed(number(4), of_z)});
}

TEST_CASE("a failure passes through tasks that nobody wants any more") {
  small_cluster b;
  b.submit(x);
  b.submit(y, {x}, spec("g"));
  b.submit(z, {y}, spec("g"));
  b.after(alice, release_task{y});
  const auto out = b.after(v, run_failed{x, {1}, {errc::task_failed, "no", "E"}});
  CHECK(out == effects{failed(x, {errc::task_failed, "no", "E", "f", "v"}),
                       failed(z, {errc::task_failed, "no", "E", "f", "v", {"g", "g"}})});
  b.after(alice, release_task{x});
  b.after(alice, release_task{z});
  CHECK(b.snapshot().tasks_failed == 0);
}

TEST_CASE("a long chain of dependents is named by its ends") {
  small_cluster b;
  b.submit(number(1));
  effects out;
  for (std::uint64_t n = 2; n <= 5000; ++n)
    b.machine.handle(client_said{alice, submit_task{number(n), spec("g"), {}, {number(n - 1)}}},
                     b.now, out);
  CHECK(out.empty());
  b.machine.handle(worker_said{v, run_failed{number(1), {1}, {errc::task_failed, "no"}}}, b.now,
                   out);
  REQUIRE(out.size() == 5000);
  const auto& last = std::get<task_failed>(std::get<tell_client>(out.back()).message);
  CHECK(last.why.chain.size() <= 33);
  CHECK(last.why.chain.front() == "g");
}

TEST_CASE("cancelling fails the task and all that need it, unless it is done") {
  small_cluster b;
  b.submit(x);
  b.submit(y, {x}, spec("g"));
  error why{errc::cancelled, "'f' was cancelled"};
  why.task = "f";
  auto of_y = why;
  of_y.chain = {"g"};
  CHECK(b.after(alice, cancel_task{x}) ==
        effects{cancel(v, x, 1), failed(x, why), failed(y, of_y)});
  CHECK(b.after(alice, cancel_task{x}).empty());
  b.submit(z);
  b.finish(v, z, 2);
  CHECK(b.after(alice, cancel_task{z}).empty());
}

TEST_CASE("a client that leaves wants nothing any more") {
  small_cluster b;
  b.submit(x);
  b.finish(v, x, 1);
  b.submit(y);
  CHECK(b.after(alice, leave_scheduler{}) == effects{drop(v, x), cancel(v, y, 2)});
  CHECK(b.snapshot().clients == 0);
}

TEST_CASE("no worker knows the task: that is an error after a while, which helps") {
  bench b;
  b.join();
  b.submit(x, {}, spec("pricing.prize"));
  CHECK(!b.machine.deadline());  // Without workers the cluster is just starting.
  b.worker("v", 1, {}, {{"pricing.price", "(f64) -> f64"}});
  REQUIRE(b.machine.deadline() == b.now + std::chrono::seconds(10));
  b.now += std::chrono::seconds(9);
  CHECK(b.after(clock_ticked{}).empty());
  b.now += std::chrono::seconds(1);
  error why{errc::unknown_task,
            "no worker knows 'pricing.prize'; nearest: pricing.price (1 worker)"};
  why.task = "pricing.prize";
  CHECK(b.after(clock_ticked{}) == effects{failed(x, why)});
  CHECK(!b.machine.deadline());

  b.submit(y, {}, spec("pricing.price"));
  b.now += std::chrono::seconds(10);
  why.message = "'pricing.price' takes (f64) -> f64 on 1 worker; got ()";
  why.task = "pricing.price";
  CHECK(b.after(clock_ticked{}) == effects{failed(y, why)});
}

TEST_CASE("a task waits for a worker that knows it") {
  bench b;
  b.join();
  b.worker("v", 1, {}, {{"g", "()"}});
  CHECK(b.submit(x).empty());
  const auto out = b.worker("w");
  CHECK(out == effects{admit_worker{0, w}, welcome(w), run(w, x, 1)});
  CHECK(!b.machine.deadline());
}

TEST_CASE("the snapshot says why the first queued task does not run") {
  bench b;
  b.join();
  b.submit(x);
  CHECK(b.snapshot().pending_reason == "no worker is connected");
  b.worker("v");
  CHECK(b.snapshot().pending_reason.empty());
  b.submit(y);
  CHECK(b.snapshot().pending_reason == "the one worker is busy");
  b.worker("w", 1, {}, {{"f", "()"}, {"h", "()"}});
  b.submit(z);
  CHECK(b.snapshot().pending_reason == "all 2 workers are busy");
  b.after(alice, release_task{z});
  auto s = std::make_shared<task_spec>(*spec());
  s->resources["gpu"] = 1.5;
  b.submit(number(4), {}, s);
  CHECK(b.snapshot().pending_reason == "needs gpu=1.5, no worker has it");
}

TEST_CASE("the snapshot counts what workers run and hold") {
  small_cluster b;
  b.submit(x);
  b.submit(y);
  b.finish(v, x, 1, 70);
  b.after(v, worker_report{5000, 70});
  const auto s = b.snapshot();
  CHECK(s.tasks_in_memory == 1);
  CHECK(s.tasks_processing == 1);
  CHECK(s.runs_finished == 1);
  REQUIRE(s.workers.size() == 1);
  CHECK(s.workers[0].results == 1);
  CHECK(s.workers[0].results_bytes == 70);
  CHECK(s.workers[0].memory_used_bytes == 5000);
  CHECK(s.workers[0].runs_assigned == 2);
  CHECK(s.workers[0].runs_finished == 1);
  const auto asked = b.after(alice, inspect_cluster{});
  CHECK(asked == effects{tell_client{alice, snapshot_reply(s)}});
}

TEST_CASE("a result that its client has released is no input, though another task still uses it") {
  bench b;
  b.join();
  b.submit(x);
  b.submit(y, {x});
  b.after(alice, release_task{x});
  const auto out = b.submit(z, {x});
  REQUIRE(out.size() == 1);
  const auto& said = std::get<tell_client>(out[0]).message;
  REQUIRE(std::holds_alternative<task_failed>(said));
  CHECK(std::get<task_failed>(said).why.code == errc::unknown_input);
}
