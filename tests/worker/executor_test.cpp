#include "actors/worker/executor.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <troupe/error.hpp>
#include <troupe/task_context.hpp>

#include "actors/worker/task_here.hpp"

using namespace troupe;
using core::working::execute;
using core::working::run_executed;

namespace {

using namespace std::chrono_literals;

value echo(const value& arguments, std::span<const value> inputs) {
  return inputs.empty() ? arguments : inputs.front();
}

value out_of_range(const value&, std::span<const value>) {
  throw std::out_of_range("no such bond");
}

value number(const value&, std::span<const value>) {
  throw 7;
}

value thread_of(const value&, std::span<const value>) {
  const auto id = std::hash<std::thread::id>()(std::this_thread::get_id());
  return value(bytes::copy(std::to_string(id)));
}

/// Holds up a function until the test lets it go on.
struct gate {
  std::promise<void> begun;
  std::promise<void> open;
};

gate* at_gate = nullptr;

value wait_at_gate(const value&, std::span<const value>) {
  at_gate->begun.set_value();
  at_gate->open.get_future().wait();
  return {};
}

value poll_cancelled(const value&, std::span<const value>) {
  if (cancelled()) return value(bytes::copy("at once"));
  at_gate->begun.set_value();
  while (!cancelled())
    std::this_thread::yield();
  return {};
}

value pause_at_gate(const value& arguments, std::span<const value> inputs) {
  const task_pause here;
  secede();  // Does nothing: it is away already.
  return wait_at_gate(arguments, inputs);
}

value all_away(const value&, std::span<const value>) {
  static std::shared_future<void> open;
  static std::once_flag once;
  secede();
  std::call_once(once, [] { open = at_gate->open.get_future(); });
  open.wait();
  return {};
}

struct fixture {
  task_table tasks;
  std::mutex mutex;
  std::condition_variable woken;
  int wakes = 0;
  std::atomic<int> alarms = 0;
  std::vector<executor::pause> pauses;
  std::optional<executor> pool;

  explicit fixture(std::uint32_t threads = 1) {
    for (auto [name, run] : {std::pair("echo", &echo), std::pair("out_of_range", &out_of_range),
                             std::pair("number", &number), std::pair("wait", &wait_at_gate),
                             std::pair("thread", &thread_of), std::pair("poll", &poll_cancelled),
                             std::pair("pause", &pause_at_gate), std::pair("away", &all_away)})
      tasks.add({name, "()", run});
    pool.emplace(tasks, executor::settings{
                            "w1", threads, [this] { wake(); }, {}, [this](auto) { ++alarms; }});
  }

  void wake() {
    std::lock_guard lock(mutex);
    ++wakes;
    woken.notify_all();
  }

  static execute call(const std::string& function, std::uint64_t run, value arguments = {},
                      std::vector<value> inputs = {}) {
    auto spec = std::make_shared<const task_spec>(task_spec{function, "()", 0, 0, {}});
    return {{run + 100}, {run}, spec, std::move(arguments), std::move(inputs), {}};
  }

  std::vector<run_executed> wait_for(std::size_t count) {
    std::vector<run_executed> all;
    executor::reports some;
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (all.size() < count && std::chrono::steady_clock::now() < until) {
      std::unique_lock lock(mutex);
      woken.wait_until(lock, until, [this] { return wakes > 0; });
      wakes = 0;
      lock.unlock();
      pool->take(some);
      all.insert(all.end(), some.done.begin(), some.done.end());
      pauses.insert(pauses.end(), some.pauses.begin(), some.pauses.end());
    }
    REQUIRE(all.size() == count);
    return all;
  }

  run_executed run(execute e) {
    pool->run({std::move(e)});
    return wait_for(1).front();
  }
};

}  // namespace

TEST_CASE("a function gets its arguments and inputs, and its result comes back") {
  fixture f;
  const value hello(bytes::copy("hello"));
  const value input(bytes::copy("input"));
  auto done = f.run(f.call("echo", 1, hello));
  CHECK(done.task == task_id{101});
  CHECK(done.run == run_id{1});
  CHECK(done.content == hello);
  CHECK(done.why == error{});
  CHECK(done.duration > 0ns);
  CHECK(f.run(f.call("echo", 2, hello, {input})).content == input);
}

TEST_CASE("an exception becomes an error with type, words, task and worker") {
  fixture f;
  CHECK(f.run(f.call("out_of_range", 1)).why ==
        error{errc::task_failed, "no such bond", "std::out_of_range", "out_of_range", "w1"});
}

TEST_CASE("what is thrown and is no exception is told by its type") {
  fixture f;
  CHECK(f.run(f.call("number", 1)).why ==
        error{errc::task_failed, "unknown exception", "int", "number", "w1"});
}

TEST_CASE("a task that is not known here fails, as does one that is called wrongly") {
  fixture f;
  CHECK(f.run(f.call("nothing", 1)).why.code == errc::unknown_task);
  auto wrong = f.call("echo", 2);
  wrong.spec = std::make_shared<const task_spec>(task_spec{"echo", "(i32) -> i32", 0, 0, {}});
  const auto done = f.run(wrong);
  CHECK(done.why.code == errc::unknown_task);
  CHECK(done.why.message.find("() here, and was called as (i32) -> i32") != std::string::npos);
  auto nothing = f.call("echo", 3);
  nothing.spec = nullptr;
  CHECK(f.run(nothing).why.code == errc::unknown_task);
}

TEST_CASE("functions run on threads of their own, several at a time") {
  fixture f(2);
  gate g;
  at_gate = &g;
  f.pool->run({f.call("wait", 1)});
  g.begun.get_future().wait();
  const auto self = std::to_string(std::hash<std::thread::id>()(std::this_thread::get_id()));
  auto done = f.run(f.call("thread", 2));
  CHECK(done.run == run_id{2});
  CHECK(done.content != value(bytes::copy(self)));
  g.open.set_value();
  CHECK(f.wait_for(1).front().run == run_id{1});
}

TEST_CASE("runs of one batch are reported with few wakes, in order on one thread") {
  fixture f;
  std::vector<execute> batch;
  for (std::uint64_t i = 1; i <= 1000; ++i)
    batch.push_back(f.call("echo", i));
  f.pool->run(std::move(batch));
  auto done = f.wait_for(1000);
  for (std::uint64_t i = 1; i <= 1000; ++i)
    REQUIRE(done[i - 1].run == run_id{i});
}

TEST_CASE("while the next run begins at once, the end of one is told later") {
  fixture f;
  gate g;
  at_gate = &g;
  f.pool->run({f.call("echo", 1), f.call("echo", 2), f.call("wait", 3)});
  g.begun.get_future().wait();
  CHECK(f.alarms == 1);
  CHECK(f.wakes == 0);
  f.wake();  // As it was asked to, later.
  CHECK(f.wait_for(2).back().run == run_id{2});
  g.open.set_value();
  CHECK(f.wait_for(1).front().run == run_id{3});
  CHECK(f.alarms == 1);
}

TEST_CASE("a run that is cancelled before it begins is skipped, and reported as such") {
  fixture f;
  gate g;
  at_gate = &g;
  f.pool->run({f.call("wait", 1), f.call("echo", 2), f.call("echo", 3)});
  g.begun.get_future().wait();
  f.pool->skip({2});
  f.pool->skip({1});
  f.pool->skip({99});
  const auto skipped = f.wait_for(1).front();
  CHECK(skipped.run == run_id{2});
  CHECK(skipped.why.code == errc::cancelled);
  g.open.set_value();
  const auto rest = f.wait_for(2);
  CHECK(rest[0].run == run_id{1});
  CHECK(rest[1].run == run_id{3});
  CHECK(rest[1].why.code == errc::ok);
}

TEST_CASE("stopping waits for what runs no longer than the grace, and forgets what has not begun") {
  fixture f;
  gate g;
  at_gate = &g;
  f.pool->run({f.call("wait", 1), f.call("echo", 2)});
  g.begun.get_future().wait();
  CHECK_FALSE(f.pool->stop(1ms));
  g.open.set_value();
  CHECK(f.pool->stop(20s));
  f.pool.emplace(f.tasks, executor::settings{"w1", 1, [] {}});
  CHECK(f.pool->stop(0ns));
}

TEST_CASE("a run that awaits another one's result gets it at once, before what came earlier") {
  fixture f;
  gate g;
  at_gate = &g;
  f.pool->run({f.call("wait", 1)});
  g.begun.get_future().wait();
  const value hello(bytes::copy("hello"));
  auto second = f.call("echo", 3, {}, {value{}});
  second.awaits = {{0, {2}}};
  auto third = f.call("echo", 4, {}, {value{}});
  third.awaits = {{0, {3}}};
  f.pool->run({f.call("echo", 2, hello), f.call("echo", 5, hello), second, third});
  g.open.set_value();
  const auto done = f.wait_for(5);
  const std::vector<std::uint64_t> order{1, 2, 3, 4, 5};
  for (std::size_t i = 0; i < order.size(); ++i)
    CHECK(done[i].run == run_id{order[i]});
  CHECK(done[3].content == hello);
}

TEST_CASE("a run that awaits what has ended already gets it by pass()") {
  fixture f;
  auto late = f.call("echo", 2, {}, {value{}});
  late.awaits = {{0, {1}}};
  f.pool->run({late});
  f.pool->pass({{{2}, 0, value(bytes::copy("b"))}});
  f.pool->pass({{{2}, 0, value(bytes::copy("c"))}, {{99}, 0, {}}});  // Too late, and unknown.
  CHECK(f.wait_for(1).front().content.encoded().text() == "b");
}

TEST_CASE("what awaits a result that is not made ends with it") {
  fixture f;
  auto behind = f.call("echo", 2, {}, {value{}});
  behind.awaits = {{0, {1}}};
  auto last = f.call("echo", 3, {}, {value{}});
  last.awaits = {{0, {2}}};
  f.pool->run({f.call("out_of_range", 1), behind, last});
  const auto done = f.wait_for(3);
  CHECK(done[0].why.code == errc::task_failed);
  CHECK(done[1].why.code == errc::cancelled);
  CHECK(done[2].why.code == errc::cancelled);
}

TEST_CASE("a function that runs sees that it is cancelled, and the next one does not") {
  fixture f;
  gate g;
  at_gate = &g;
  f.pool->run({f.call("poll", 1), f.call("echo", 2)});
  g.begun.get_future().wait();
  f.pool->skip({1});
  const auto done = f.wait_for(2);
  CHECK(done[0].why.code == errc::ok);
  CHECK(done[1].run == run_id{2});
  CHECK_FALSE(cancelled());
}

TEST_CASE("what a function does after it has seen that the worker ends does not count") {
  fixture f;
  gate g;
  at_gate = &g;
  f.pool->run({f.call("poll", 1)});
  g.begun.get_future().wait();
  f.pool->interrupt();
  CHECK(f.wait_for(1).front().why.code == errc::cancelled);
  CHECK(f.run(f.call("poll", 2)).why.code == errc::cancelled);
  CHECK(f.run(f.call("echo", 3)).why.code == errc::ok);
}

TEST_CASE("a function that is away lets another one run in its place, on one thread") {
  fixture f;
  gate g;
  at_gate = &g;
  f.pool->run({f.call("pause", 1), f.call("thread", 2), f.call("thread", 3)});
  const auto others = f.wait_for(2);
  CHECK(others[0].run == run_id{2});
  CHECK(others[0].content == others[1].content);
  g.open.set_value();
  CHECK(f.wait_for(1).front().run == run_id{1});
  REQUIRE(f.pauses.size() == 2);
  CHECK(std::get<core::working::run_away>(f.pauses[0]).run == run_id{1});
  CHECK(std::get<core::working::run_back>(f.pauses[1]).run == run_id{1});
  CHECK(f.run(f.call("echo", 4)).why.code == errc::ok);
}

TEST_CASE("many functions may be away at one time, and the threads go when they are back") {
  fixture f(2);
  gate g;
  at_gate = &g;
  std::vector<execute> batch;
  for (std::uint64_t i = 1; i <= 50; ++i)
    batch.push_back(f.call("away", i));
  batch.push_back(f.call("echo", 51));
  f.pool->run(std::move(batch));
  CHECK(f.wait_for(1).front().run == run_id{51});
  g.open.set_value();
  f.wait_for(50);
  CHECK(f.run(f.call("echo", 52)).why.code == errc::ok);
}

TEST_CASE("there is no client and nothing to leave outside of tasks") {
  secede();
  rejoin();
  CHECK_THROWS_AS(current_client(), exception);
}
