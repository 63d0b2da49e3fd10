#include <vector>

#include <doctest/doctest.h>

#include "actors/client/core/client.hpp"

using namespace troupe;
using namespace troupe::core;
using namespace troupe::core::asking;
using namespace std::chrono_literals;

namespace {

using effects = std::vector<effect>;

const client_id me{3};
const worker_id w1{1};
const uuid session{9};
const error broke{errc::scheduler_lost, "it broke"};

task_id number(std::uint64_t n) {
  return make_task_id(me, n);
}

const task_id x = number(1);
const task_id y = number(2);
const task_id z = number(3);

struct world {
  client machine;
  time_point now{1h};

  world() {
    hear(welcome_client{me, "s", session, 60s});
    hear(introduce_worker{w1, "one", "tcp://one"});
  }

  effects after(event what) {
    effects out;
    machine.handle(std::move(what), now, out);
    machine.check_invariants();
    return out;
  }

  effects hear(client_reply m) { return after(scheduler_said{std::move(m)}); }

  submit_task task(task_id id, std::vector<task_id> inputs = {}) {
    return {id, nullptr, {}, std::move(inputs)};
  }

  effects submit(task_id id, std::vector<task_id> inputs = {}) {
    return after(task_submitted{task(id, std::move(inputs))});
  }

  effects back() { return hear(welcome_client{me, "s", session, 60s}); }
};

effects tells(const std::vector<client_message>& all) {
  effects out;
  for (const auto& m : all)
    out.push_back(tell_scheduler{m});
  return out;
}

}  // namespace

TEST_CASE("a client that loses its connection calls again at growing intervals") {
  world w;
  CHECK(w.after(connection_lost{broke}) == effects{call_scheduler{session, me}});
  CHECK(w.machine.deadline() == w.now + 60s);
  auto pause = 50ms;
  for (int i = 0; i < 4; ++i, pause *= 2) {
    CHECK(w.after(connection_lost{broke}).empty());
    CHECK(w.machine.deadline() == w.now + pause);
    w.now += pause;
    CHECK(w.after(clock_ticked{}) == effects{call_scheduler{session, me}});
  }
}

TEST_CASE("back again, all is said again that is not known to be done, and the rest claimed") {
  world w;
  const auto done = number(1);
  const auto waits = number(2);
  const auto data = number(3);
  const auto cancelled = number(4);
  w.submit(done);
  w.hear(task_done{done, w1, 100, false, {}});
  w.submit(waits, {done});
  w.after(data_scattered{data, value(bytes::copy("table"))});
  w.submit(cancelled);
  w.after(connection_lost{broke});
  CHECK(w.after(cancel_wanted{cancelled}).empty());
  const auto late = number(5);
  CHECK(w.submit(late).empty());
  CHECK(w.back() == tells({claim_task{done}, w.task(waits, {done}), scatter_data{data, 5},
                           w.task(cancelled), cancel_task{cancelled}, w.task(late), end_claims{}}));
  CHECK(!w.machine.deadline());
  CHECK(w.hear(task_done{waits, w1, 100, false, {}}) == effects{mark_done{waits}});
}

TEST_CASE("what was dropped is said again if something that waits needs it, and then released") {
  world w;
  w.submit(x);
  w.submit(y, {x, x});
  w.submit(z, {y});
  CHECK(w.after(future_dropped{x}) == tells({release_task{x}}));
  CHECK(w.after(future_dropped{y}) == tells({release_task{y}}));
  w.after(connection_lost{broke});
  CHECK(w.back() == tells({w.task(x), w.task(y, {x, x}), w.task(z, {y}), release_task{x},
                           release_task{y}, end_claims{}}));
  // Once z is done nothing of it is kept.
  w.hear(task_done{z, w1, 100, false, {}});
  w.after(connection_lost{broke});
  CHECK(w.back() == tells({claim_task{z}, end_claims{}}));
}

TEST_CASE("a value that is being fetched while there is no scheduler arrives all the same") {
  world w;
  w.submit(x);
  w.submit(y);
  w.hear(task_done{x, w1, 100, false, {}});
  w.hear(task_done{y, w1, 100, false, {}});
  w.after(value_wanted{x});
  w.after(value_wanted{y});
  w.after(connection_lost{broke});
  const value seven(bytes::copy("7"));
  CHECK(w.after(value_received{w1, x, seven}) == effects{deliver{x, seven}});
  CHECK(w.after(value_absent{w1, y}).empty());
  CHECK(w.back() == tells({claim_task{x}, claim_task{y}, end_claims{}}));
  CHECK(w.hear(task_done{y, w1, 1, true, seven}) == effects{deliver{y, seven}});
}

TEST_CASE("after the grace all fails, and it is said why") {
  world w;
  w.submit(x);
  w.after(connection_lost{broke});
  w.now += 60s;
  const auto out = w.after(clock_ticked{});
  REQUIRE(out.size() == 2);
  const auto& why = std::get<mark_failed>(out[0]).why;
  CHECK(why.code == errc::scheduler_lost);
  CHECK(why.message.find("60.0 s") != std::string::npos);
  CHECK(why.message.find("it broke") != std::string::npos);
  CHECK(std::get<end_client>(out[1]).why == why);
  CHECK(!w.machine.deadline());
  CHECK(w.after(connection_lost{broke}).empty());
}

TEST_CASE("another scheduler, or one that has given the client up, is an error that says so") {
  for (const bool another : {true, false}) {
    CAPTURE(another);
    world w;
    w.submit(x);
    w.after(connection_lost{broke});
    const auto out = another ? w.hear(welcome_client{me, "s", uuid{1}, 60s})
                             : w.hear(welcome_client{{4}, "s", session, 60s});
    REQUIRE(out.size() == 2);
    const auto& why = std::get<mark_failed>(out[0]).why;
    CHECK(why.code == errc::scheduler_lost);
    CHECK(why.message.find(another ? "another scheduler" : "client_grace") != std::string::npos);
  }
}

TEST_CASE("a scheduler that says it ends is not waited for") {
  world w;
  w.submit(x);
  CHECK(w.hear(scheduler_ends{}).size() == 2);
  CHECK(w.after(connection_lost{broke}).empty());
}
