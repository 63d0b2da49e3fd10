#include "actors/worker/worker_actor.hpp"

#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "actors/worker/data_address.hpp"
#include "tests/worker/fakes.hpp"

using namespace troupe;
using troupe::testing::fake_client;
using troupe::testing::fake_scheduler;

namespace {

using namespace std::chrono_literals;

constexpr task_id x = make_task_id({1}, 1);
constexpr task_id y = make_task_id({1}, 2);
constexpr task_id z = make_task_id({1}, 3);

const std::string large_text(200'000, 'x');

value echo(const value& arguments, std::span<const value> inputs) {
  return inputs.empty() ? arguments : inputs.front();
}

value make_large(const value&, std::span<const value>) {
  return value(bytes::copy(large_text));
}

std::promise<void>* begun = nullptr;
std::shared_future<void>* may_return = nullptr;

value wait_for_test(const value& arguments, std::span<const value>) {
  // A copy: the test may be over, and its own gone, as soon as it lets this function go.
  const auto gate = *may_return;
  begun->set_value();
  gate.wait();
  return arguments;
}

config quiet() {
  config c;
  c.log.level = std::getenv("TROUPE_TEST_LOG") ? "trace" : "off";
  c.security.token = "a token for tests alone";
  return c;
}

spec_ptr function(const std::string& name) {
  return std::make_shared<const task_spec>(task_spec{name, "()", 0, 0, {}});
}

value text(const std::string& s) {
  return value(bytes::copy(s));
}

/// A node with a fake scheduler for each worker, connected as `kind` says.
struct fixture {
  std::shared_ptr<task_table> tasks = std::make_shared<task_table>();
  std::vector<std::shared_ptr<std::promise<worker_end>>> ends;
  runtime::node node{quiet()};

  fixture() {
    tasks->add({"echo", "()", &echo});
    tasks->add({"large", "()", &make_large});
    tasks->add({"wait", "()", &wait_for_test});
  }

  std::string listen(const std::string& kind, const caf::actor& owner) {
    if (kind == "local") return node.net().listen_local(owner).address;
    return node.net().listen("tcp://127.0.0.1:0", owner).value().address;
  }

  std::pair<caf::actor, std::future<worker_end>> start(const std::string& address,
                                                       worker_settings how = {}) {
    auto end = std::make_shared<std::promise<worker_end>>();
    how.scheduler = address;
    how.tasks = tasks;
    how.options.name = "w1";
    how.options.threads = 1;
    how.options.memory = 1000;
    how.on_end = [end](const worker_end& e) { end->set_value(e); };
    return {spawn_worker(node, how), end->get_future()};
  }
};

/// A worker and its scheduler.
struct crew {
  fake_scheduler scheduler;
  caf::actor worker;
  std::future<worker_end> end;
  hello who;

  crew(fixture& f, const std::string& kind, worker_id id, worker_settings how = {})
      : scheduler(f.node) {
    std::tie(worker, end) = f.start(f.listen(kind, scheduler.actor()), std::move(how));
    auto said = scheduler.wait_hello();
    REQUIRE(said);
    who = *said;
    scheduler.say(welcome_worker{id, {}});
  }

  ~crew() { runtime::stop(worker); }

  void run(task_id task, run_id id, const std::string& name, const std::string& argument = "",
           std::vector<input_location> inputs = {}) {
    scheduler.say(run_task{task, id, function(name), text(argument), std::move(inputs)});
  }

  worker_end ended() {
    REQUIRE(end.wait_for(20s) == std::future_status::ready);
    return end.get();
  }
};

}  // namespace

TEST_CASE("a worker says what it can do, runs what it is given, and reports") {
  for (const std::string kind : {"local", "tcp"}) {
    CAPTURE(kind);
    fixture f;
    crew c(f, kind, {1});
    CHECK(c.who.as == role::worker);
    CHECK(c.who.name == "w1");
    CHECK(c.who.threads == 1);
    CHECK(c.who.memory_bytes == 1000);
    CHECK(c.who.address.find(kind) == 0);
    CHECK(c.who.tasks == f.tasks->signatures());
    const auto report = c.scheduler.wait_for<worker_report>();
    REQUIRE(report);
    CHECK(report->memory_used_bytes > 0);
    c.run(x, {7}, "echo", "hello");
    const auto done = c.scheduler.wait_for<run_finished>();
    REQUIRE(done);
    CHECK(done->run == run_id{7});
    CHECK(done->inlined);
    CHECK(done->small == text("hello"));
    c.run(y, {8}, "nothing");
    const auto failed = c.scheduler.wait_for<run_failed>();
    REQUIRE(failed);
    CHECK(failed->why.code == errc::unknown_task);
    c.scheduler.say(stop_worker{});
    CHECK(c.ended().how == worker_end::kind::in_order);
    CHECK(c.scheduler.wait_gone());
  }
}

TEST_CASE("a worker serves small and large results, and says what it has not got") {
  for (const std::string kind : {"local", "tcp"}) {
    CAPTURE(kind);
    fixture f;
    crew c(f, kind, {1});
    c.run(x, {7}, "echo", "hello");
    c.run(y, {8}, "large");
    REQUIRE(c.scheduler.wait_for<run_finished>());
    const auto large = c.scheduler.wait_for<run_finished>();
    REQUIRE(large);
    CHECK_FALSE(large->inlined);
    CHECK(large->size == large_text.size());
    fake_client client(f.node, c.who.address);
    client.say(fetch_result{x});
    client.say(fetch_result{y});
    client.say(fetch_result{z});
    CHECK(client.wait_for<result_value>() == result_value{x, text("hello")});
    CHECK(client.wait_for<result_absent>() == result_absent{z});
    if (kind == "local") {
      CHECK(client.wait_for<result_value>() == result_value{y, text(large_text)});
    } else {
      const auto came = client.wait_value();
      REQUIRE(came);
      CHECK(came->first == y);
      CHECK(came->second.text() == large_text);
    }
    c.scheduler.say(drop_result{x});
    c.run(z, {9}, "echo");
    REQUIRE(c.scheduler.wait_for<run_finished>());
    client.say(fetch_result{x});
    CHECK(client.wait_for<result_absent>() == result_absent{x});
  }
}

TEST_CASE("a worker fetches an input from another worker, and goes on if that one is gone") {
  for (const std::string kind : {"local", "tcp"}) {
    CAPTURE(kind);
    fixture f;
    crew a(f, kind, {1});
    crew b(f, kind, {2});
    a.run(x, {7}, "large");
    REQUIRE(a.scheduler.wait_for<run_finished>());
    b.scheduler.say(introduce_worker{{1}, "a", a.who.address});
    b.run(y, {8}, "echo", "", {{x, large_text.size(), {{1}}}});
    CHECK(b.scheduler.wait_for<result_added>() == result_added{x, large_text.size()});
    const auto done = b.scheduler.wait_for<run_finished>();
    REQUIRE(done);
    CHECK(done->size == large_text.size());
    a.scheduler.say(stop_worker{});
    CHECK(a.ended().how == worker_end::kind::in_order);
    REQUIRE(a.scheduler.wait_gone());
    b.run(make_task_id({1}, 4), {9}, "echo", "", {{z, 1, {{1}}}});
    const auto missing = b.scheduler.wait_for<inputs_missing>();
    REQUIRE(missing);
    CHECK(missing->run == run_id{9});
    CHECK(missing->missing == std::vector<input_location>{{z, 1, {{1}}}});
  }
}

TEST_CASE("a worker keeps what a client pushes, and tells") {
  for (const std::string kind : {"local", "tcp"}) {
    CAPTURE(kind);
    fixture f;
    crew c(f, kind, {1});
    fake_client client(f.node, c.who.address);
    client.say(store_result{x, text("data")});
    CHECK(c.scheduler.wait_for<result_added>() == result_added{x, 4});
    c.run(y, {7}, "echo", "", {{x, 4, {}}});
    const auto done = c.scheduler.wait_for<run_finished>();
    REQUIRE(done);
    CHECK(done->small == text("data"));
  }
}

TEST_CASE("a peer that says what it may not say is closed, and the worker goes on") {
  fixture f;
  crew c(f, "tcp", {1});
  fake_client client(f.node, c.who.address);
  client.say(result_value{x, text("unasked")});
  CHECK(client.wait_gone());
  c.run(x, {7}, "echo", "hello");
  CHECK(c.scheduler.wait_for<run_finished>());
}

TEST_CASE("a worker that loses the scheduler comes back, and tells what it holds and runs") {
  fixture f;
  crew c(f, "tcp", {1});
  c.run(make_task_id({1}, 1), {1}, "echo", "x");
  REQUIRE(c.scheduler.wait_for<run_finished>());
  c.scheduler.hang_up();
  const auto again = c.scheduler.wait_hello();
  REQUIRE(again);
  CHECK(again->process == c.who.process);
  c.scheduler.say(welcome_worker{{2}, {}});
  const auto held = c.scheduler.wait_for<result_added>();
  REQUIRE(held);
  CHECK(held->task == make_task_id({1}, 1));
  CHECK(c.scheduler.wait_for<registered>());
}

TEST_CASE("a worker that comes back to another scheduler ends, for nobody there knows its work") {
  fixture f;
  crew c(f, "tcp", {1});
  REQUIRE(c.scheduler.wait_for<worker_report>());
  c.scheduler.hang_up();
  REQUIRE(c.scheduler.wait_hello());
  c.scheduler.say(welcome_worker{{1}, uuid{1}});
  CHECK(c.ended().how == worker_end::kind::another_scheduler);
}

TEST_CASE("a worker that loses the scheduler for too long ends and says why") {
  fixture f;
  worker_settings how;
  how.options.scheduler_grace = {};
  crew c(f, "tcp", {1}, how);
  REQUIRE(c.scheduler.wait_for<worker_report>());
  c.scheduler.hang_up();
  const auto end = c.ended();
  CHECK(end.how == worker_end::kind::scheduler_lost);
  CHECK_FALSE(end.why.message.empty());
}

TEST_CASE("a worker that finds no scheduler tries for a while and then gives up") {
  fixture f;
  fake_scheduler nobody(f.node);
  const auto there = f.node.net().listen("tcp://127.0.0.1:0", nobody.actor()).value();
  f.node.net().close(there);
  worker_settings how;
  how.connect_for = 120ms;
  auto [worker, end] = f.start(there.address, how);
  REQUIRE(end.wait_for(20s) == std::future_status::ready);
  CHECK(end.get().how == worker_end::kind::not_connected);
}

TEST_CASE("a worker that cannot listen where it should ends before it asks anybody") {
  fixture f;
  worker_settings how;
  how.options.listen = "tcp://127.0.0.1:notaport";
  auto [worker, end] = f.start("tcp://127.0.0.1:1", how);
  REQUIRE(end.wait_for(20s) == std::future_status::ready);
  CHECK(end.get().how == worker_end::kind::unusable);
}

TEST_CASE("a worker that is stopped reports what runs before it goes") {
  fixture f;
  std::promise<void> started, open;
  std::shared_future<void> opened(open.get_future());
  begun = &started;
  may_return = &opened;
  worker_settings how;
  how.grace = 20s;
  crew c(f, "tcp", {1}, how);
  c.run(x, {7}, "wait", "at last");
  started.get_future().wait();
  runtime::stop(c.worker);
  CHECK(c.scheduler.wait_for<worker_changed>() == worker_changed{worker_state::leaving});
  open.set_value();
  const auto done = c.scheduler.wait_for<run_finished>();
  REQUIRE(done);
  CHECK(done->small == text("at last"));
  c.scheduler.say(stop_worker{});
  const auto end = c.ended();
  CHECK(end.how == worker_end::kind::in_order);
  CHECK_FALSE(end.still_running);
  CHECK(c.scheduler.wait_gone());
}

TEST_CASE("a worker that is stopped waits for a function no longer than its grace") {
  fixture f;
  std::promise<void> started, open;
  std::shared_future<void> opened(open.get_future());
  begun = &started;
  may_return = &opened;
  worker_settings how;
  how.grace = 1ms;
  crew c(f, "tcp", {1}, how);
  c.run(x, {7}, "wait");
  started.get_future().wait();
  runtime::stop(c.worker);
  const auto end = c.ended();
  CHECK(end.still_running);
  CHECK(c.scheduler.wait_gone());
  open.set_value();
}

TEST_CASE("results are served where the scheduler is reached, or where the options say") {
  CHECK(*data_address({}, "local://1") == "");
  CHECK(*data_address({}, "tcp://127.0.0.1:8786") == "tcp://127.0.0.1:0");
  CHECK(*data_address({}, "unix:///somewhere/x.sock") == "tcp://127.0.0.1:0");
  CHECK(*data_address({.listen = "unix:///y.sock"}, "local://1") == "unix:///y.sock");
  CHECK(*data_address({.interface = "lo"}, "local://1") == "tcp://127.0.0.1:0");
  CHECK_FALSE(data_address({.interface = "no-such-interface"}, "local://1"));
  CHECK_FALSE(data_address({}, "not an address"));
}
