#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;

namespace {

/// Alice, and workers v and w with one thread each.
struct pair_of_workers : bench {
  explicit pair_of_workers(scheduler_options o = {}) : bench(std::move(o)) {
    join();
    worker("v");
    worker("w");
  }
};

input_location at(task_id task, std::vector<worker_id> holders = {}) {
  return {task, 100, std::move(holders)};
}

const task_failed& failure(const effects& out, std::size_t i = 0) {
  return std::get<task_failed>(std::get<tell_client>(out.at(i)).message);
}

/// A worker whose place will say how it ended, with two threads.
void launch(bench& b, const std::string& name) {
  auto who = std::make_shared<hello>();
  who->as = role::worker;
  who->name = name;
  who->launch = "launch-" + name;
  who->memory_bytes = std::uint64_t{256} << 20;
  who->threads = 2;
  who->tasks = {{"f", "()"}, {"g", "()"}};
  b.after(worker_joined{0, std::move(who)});
}

}  // namespace

TEST_CASE("runs of a lost worker are queued again") {
  pair_of_workers b;
  b.submit(x);
  b.submit(y);
  CHECK(b.after(worker_lost{v}).empty());  // w is busy with y.
  CHECK(b.finish(w, y, 2) == effects{meet(alice, w, "w"), done(y, w), run(w, x, 3)});
}

TEST_CASE("a wanted result that only a lost worker held is computed again") {
  pair_of_workers b;
  b.submit(x);
  b.finish(v, x, 1);
  CHECK(b.after(worker_lost{v}) == effects{run(w, x, 2)});
  CHECK(b.finish(w, x, 2).empty());  // Alice knows that it is done.
}

TEST_CASE("a result that another worker holds too is not computed again") {
  pair_of_workers b;
  b.submit(x);
  b.finish(v, x, 1);
  b.after(w, result_added{x, 100});
  CHECK(b.after(worker_lost{v}).empty());
  CHECK(b.after(alice, release_task{x}) == effects{drop(w, x)});
}

TEST_CASE("what was released on the way is computed again for a lost result") {
  pair_of_workers b;
  b.submit(x);
  b.submit(y, {x});
  b.after(alice, release_task{x});
  b.finish(v, x, 1);
  b.finish(v, y, 2);
  CHECK(b.after(worker_lost{v}) == effects{run(w, x, 3)});
  CHECK(b.finish(w, x, 3) == effects{run(w, y, 4, {at(x)})});
  CHECK(b.finish(w, y, 4) == effects{drop(w, x)});
}

TEST_CASE("tasks queued on a lost input wait for it again") {
  pair_of_workers b;
  b.submit(x);
  b.submit(number(9));  // Keeps w busy.
  b.finish(v, x, 1);
  b.submit(number(8));              // Keeps v busy.
  CHECK(b.submit(y, {x}).empty());  // Queued.
  CHECK(b.snapshot().tasks_queued == 1);
  b.after(worker_lost{v});
  CHECK(b.snapshot().tasks_waiting == 1);
  CHECK(b.finish(w, number(9), 2) ==
        effects{meet(alice, w, "w"), done(number(9), w), run(w, x, 4)});
  b.finish(w, x, 4);
  CHECK(b.snapshot().tasks_waiting == 0);
}

TEST_CASE("a task that was running on too many lost workers fails, and names them") {
  pair_of_workers b({.worker_losses_max = 1});
  b.submit(x);
  b.after(worker_lost{v});
  const auto out = b.after(worker_lost{w});
  REQUIRE(out.size() == 1);
  CHECK(failure(out).why.code == errc::worker_lost);
  CHECK(failure(out).why.message == "'f' was running on 2 workers that were lost: 'v', 'w'");
}

TEST_CASE("tasks that only waited on lost workers do not fail for it") {
  bench b({.worker_losses_max = 0, .prefetch = std::chrono::seconds(1)});
  b.join();
  b.worker("v");
  b.submit(x);
  b.finish(v, x, 1, 1, std::chrono::microseconds(1));  // The function is short: many go to v.
  b.submit(y);
  b.submit(z);
  CHECK(b.snapshot().tasks_processing == 2);
  const auto out = b.after(worker_lost{v});
  REQUIRE(out.size() == 1);
  CHECK(failure(out).task == y);
  CHECK(b.snapshot().tasks_queued == 2);  // z, and x that was lost.
}

TEST_CASE("a holder that has not got the input is struck off, and the input computed again") {
  pair_of_workers b;
  b.submit(x);
  b.submit(y);
  b.finish(v, x, 1);
  b.finish(w, y, 2);
  b.submit(number(9));  // Keeps v busy.
  b.submit(z, {x});     // On w.
  CHECK(b.after(w, inputs_missing{z, {4}, {at(x, {v})}}) == effects{drop(v, x), run(w, x, 5)});
  CHECK(b.finish(w, x, 5) == effects{run(w, z, 6, {at(x)})});
}

TEST_CASE("with another holder left the task just runs again") {
  pair_of_workers b;
  b.submit(x);
  b.finish(v, x, 1);
  b.after(w, result_added{x, 100});
  b.submit(number(8));  // Keeps v busy.
  b.submit(z, {x});
  // No holders: w was said to have it itself.
  CHECK(b.after(w, inputs_missing{z, {3}, {at(x)}}) ==
        effects{drop(w, x), meet(w, v, "v"), run(w, z, 4, {at(x, {v})})});
}

TEST_CASE("a task whose inputs never arrive fails, and does not run for ever") {
  bench b;
  b.join();
  b.worker("v");
  b.submit(x);
  b.finish(v, x, 1);
  b.submit(z, {x});
  std::uint64_t rounds = 0;
  for (std::uint64_t next = 2; b.snapshot().tasks_failed == 0; next += 2) {
    REQUIRE(++rounds < 100);
    b.after(v, inputs_missing{z, {next}, {at(x)}});
    if (b.snapshot().tasks_failed == 0) b.finish(v, x, next + 1);
  }
  CHECK(rounds == 17);
}

TEST_CASE("a client that cannot fetch a result hears of another place") {
  pair_of_workers b;
  b.submit(x);
  b.finish(v, x, 1);
  b.after(w, result_added{x, 100});
  CHECK(b.after(alice, locate_result{x, v}) ==
        effects{drop(v, x), meet(alice, w, "w"), done(x, w)});
}

TEST_CASE("a result that cannot be fetched anywhere is computed again, and then reported") {
  pair_of_workers b;
  b.submit(x);
  b.finish(v, x, 1);
  CHECK(b.after(alice, locate_result{x, v}) == effects{drop(v, x), run(v, x, 2)});
  CHECK(b.finish(v, x, 2) == effects{done(x, v)});
}

TEST_CASE("looking for a failed or a released result is answered") {
  pair_of_workers b;
  b.submit(x);
  b.after(alice, cancel_task{x});
  CHECK(failure(b.after(alice, locate_result{x, v})).why.code == errc::cancelled);
  CHECK(failure(b.after(alice, locate_result{y, v})).why.code == errc::unknown_input);
}

TEST_CASE("a copy of a lost result that turns up saves the computation") {
  pair_of_workers b;
  b.submit(x);
  b.submit(y);
  b.finish(v, x, 1);
  b.after(worker_lost{v});
  CHECK(b.after(w, result_added{x, 100}).empty());
  CHECK(b.snapshot().tasks_in_memory == 1);
  CHECK(b.snapshot().tasks_queued == 0);
}

TEST_CASE("a copy that nobody needs is dropped") {
  pair_of_workers b;
  CHECK(b.after(v, result_added{x, 100}) == effects{drop(v, x)});
}

TEST_CASE("data is placed on the workers in turn, and reported when it is there") {
  pair_of_workers b;
  CHECK(b.after(alice, scatter_data{x, 100}) ==
        effects{meet(alice, w, "w"), tell_client{alice, place_data{x, w}}});
  CHECK(b.after(alice, scatter_data{y, 100}) ==
        effects{meet(alice, v, "v"), tell_client{alice, place_data{y, v}}});
  CHECK(b.submit(z, {x}).empty());
  CHECK(b.after(w, result_added{x, 100}) == effects{done(x, w), run(w, z, 1, {at(x)})});
}

TEST_CASE("data waits for the first worker") {
  bench b;
  b.join();
  CHECK(b.after(alice, scatter_data{x, 100}).empty());
  CHECK(b.worker("v") == effects{admit_worker{0, v}, welcome(v), meet(alice, v, "v"),
                                 tell_client{alice, place_data{x, v}}});
}

TEST_CASE(
    "data that has not arrived is placed again when its worker is lost, or could not be reached") {
  pair_of_workers b;
  b.after(alice, scatter_data{x, 100});
  CHECK(b.after(worker_lost{w}) ==
        effects{meet(alice, v, "v"), tell_client{alice, place_data{x, v}}});
  b.worker("u");
  CHECK(b.after(alice, scatter_data{x, 100}) ==
        effects{meet(alice, u, "u"), tell_client{alice, place_data{x, u}}});
}

TEST_CASE("data lost with its worker cannot be computed again") {
  pair_of_workers b;
  b.after(alice, scatter_data{x, 100});
  b.after(w, result_added{x, 100});
  b.submit(number(8));
  b.submit(number(9));
  b.submit(y, {x});  // Queued.
  const auto out = b.after(worker_lost{w});
  REQUIRE(out.size() == 2);
  CHECK(failure(out, 0).task == x);
  CHECK(failure(out, 0).why.code == errc::worker_lost);
  CHECK(failure(out, 0).why.message ==
        "scattered data was lost with worker 'w' and cannot be computed again; scatter it again");
  CHECK(failure(out, 1).task == y);
  CHECK(failure(out, 1).why.chain == std::vector<std::string>{"f"});
}

TEST_CASE("the only copy of data is not given up because one fetch failed") {
  pair_of_workers b;
  b.after(alice, scatter_data{x, 100});
  b.after(w, result_added{x, 100});
  CHECK(b.after(alice, locate_result{x, w}) == effects{done(x, w)});
}

TEST_CASE("data of a client that left before it was placed fails what others made of it") {
  pair_of_workers b;
  b.join();
  b.after(alice, scatter_data{x, 100});
  const auto theirs = make_task_id(bob, 1);
  b.after(bob, submit_task{theirs, spec(), {}, {x}});
  const auto out = b.after(alice, leave_scheduler{});
  REQUIRE(out.size() == 1);
  CHECK(failure(out).task == theirs);
  CHECK(failure(out).why.code == errc::cancelled);
}

TEST_CASE("a killed task ends its worker, and what else ran there is not blamed for the loss") {
  bench b({.worker_losses_max = 0});
  b.join();
  b.worker("v", 2);
  b.submit(x);
  b.submit(y);
  error why{errc::cancelled, "'f' was cancelled"};
  why.task = "f";
  CHECK(b.after(alice, cancel_task{x, true}) ==
        effects{tell_worker{v, cancel_run{x, {1}, true}}, failed(x, why)});
  CHECK(b.after(worker_lost{v}).empty());
  CHECK(b.snapshot().tasks_queued == 1);
}

TEST_CASE("a worker that was to be killed and stayed is not excused for ever") {
  bench b({.worker_losses_max = 0});
  b.join();
  b.worker("v", 2);
  b.submit(x);
  b.submit(y);
  b.after(alice, cancel_task{x, true});
  b.now += std::chrono::seconds(60);
  CHECK(failure(b.after(worker_lost{v})).task == y);
}

TEST_CASE("what is not running anywhere cannot be killed with a worker, only cancelled") {
  bench b;
  b.join();
  b.submit(x);
  CHECK(failure(b.after(alice, cancel_task{x, true})).why.code == errc::cancelled);
}

TEST_CASE("a worker has room for others while a run is away") {
  bench b({.prefetch = std::chrono::nanoseconds(0)});
  b.join();
  b.worker("v");
  b.submit(x);
  CHECK(b.submit(y).empty());
  CHECK(b.after(v, run_seceded{x, {1}}) == effects{run(v, y, 2)});
  CHECK(b.after(v, run_seceded{x, {1}}).empty());
  CHECK(b.submit(z).empty());
  CHECK(b.after(v, run_rejoined{x, {1}}).empty());
  CHECK(b.finish(v, y, 2) == effects{meet(alice, v, "v"), done(y, v)});
  CHECK(b.finish(v, x, 1) == effects{done(x, v), run(v, z, 3)});
}

TEST_CASE("a run that is away keeps its resources, and is blamed for its worker's loss") {
  bench b({.worker_losses_max = 0, .prefetch = std::chrono::nanoseconds(0)});
  b.join();
  b.worker("v", 1, {{"gpu", 1}});
  task_spec s;
  s.function = "f";
  s.signature = "()";
  s.resources = {{"gpu", 1}};
  const auto gpu = std::make_shared<const task_spec>(s);
  b.submit(x, {}, gpu);
  b.submit(y, {}, gpu);
  CHECK(b.after(v, run_seceded{x, {1}}).empty());
  b.submit(z);
  CHECK(b.snapshot().tasks_processing == 2);
  const auto out = b.after(worker_lost{v});
  REQUIRE(out.size() == 2);
  CHECK(b.snapshot().tasks_failed == 2);
}

TEST_CASE("a killed-worker error says how the workers ended, what they used and what they ran") {
  bench b({.worker_losses_max = 1});
  b.join();
  launch(b, "v");
  b.submit(x);
  b.submit(y, {}, spec("g"));
  b.after(v, worker_report{std::uint64_t{250} << 20, 0, 0});
  b.after(launch_ended{"launch-v", "killed by signal 9 (Killed)"});  // Before the connection broke.
  b.after(worker_lost{v});
  b.after(alice, release_task{y});
  launch(b, "w");
  CHECK(b.after(worker_lost{w}).empty());
  CHECK(b.snapshot().tasks_waiting == 1);
  CHECK(b.after(launch_ended{"launch-other", "exit code 1"}).empty());
  const auto why = failure(b.after(launch_ended{"launch-w", "exit code 4"})).why;
  CHECK(why.code == errc::worker_lost);
  CHECK(why.message ==
        "'f' was running on 2 workers that were lost: 'v' (killed by signal 9 (Killed); it used "
        "250 of 256 MiB, so it probably ran out of memory; it ran 'f', 'g'), 'w' (exit code 4)");
}

TEST_CASE("an error does not wait for ever to hear how a worker ended") {
  bench b({.worker_losses_max = 0});
  b.join();
  launch(b, "v");
  b.submit(x);
  b.submit(y, {x});
  CHECK(b.after(worker_lost{v}).empty());
  REQUIRE(b.machine.deadline());
  b.now = *b.machine.deadline();
  CHECK(b.after(clock_ticked{}).size() == 2);
  CHECK_FALSE(b.machine.deadline());
  CHECK(b.after(launch_ended{"launch-v", "exit code 1"}).empty());
}

TEST_CASE("a task that waits for a verdict can be released or cancelled") {
  bench b({.worker_losses_max = 0});
  b.join();
  launch(b, "v");
  b.submit(x);
  b.submit(y);
  b.after(worker_lost{v});
  b.after(alice, release_task{x});
  CHECK(failure(b.after(alice, cancel_task{y})).why.code == errc::cancelled);
  CHECK(b.after(launch_ended{"launch-v", "exit code 1"}).empty());
}

TEST_CASE("a task that waits for a verdict is done if a copy of its result turns up") {
  bench b({.worker_losses_max = 0});
  b.join();
  launch(b, "v");
  b.submit(x);
  b.after(worker_lost{v});
  b.worker("w");
  CHECK(b.after(w, result_added{x, 100}) == effects{meet(alice, w, "w"), done(x, w)});
  CHECK(b.after(launch_ended{"launch-v", "exit code 1"}).empty());
}

TEST_CASE("a task that waits for a verdict is not planned behind its input") {
  bench b({.worker_losses_max = 0});
  b.join();
  launch(b, "v");
  b.submit(x);
  b.finish(v, x, 1, 100, std::chrono::microseconds(98));
  b.submit(y, {x});
  b.after(worker_lost{v});
  launch(b, "w");
  CHECK(b.snapshot().tasks_processing == 1);
  CHECK(b.snapshot().tasks_waiting == 1);
}
