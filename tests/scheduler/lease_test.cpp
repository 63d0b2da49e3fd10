#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;
using namespace std::chrono_literals;

namespace {

struct away : bench {
  /// Alice has x on v, y runs there, and her connection is broken.
  away() {
    join();
    worker("v", 2);
    submit(x);
    finish(v, x, 1);
    submit(y);
    CHECK(after(client_lost{alice}).empty());
  }
};

}  // namespace

TEST_CASE("what a client wanted is kept for when it comes back, and released after the grace") {
  away b;
  CHECK(b.machine.deadline() == b.now + 60s);
  b.now += 59s;
  CHECK(b.after(clock_ticked{}).empty());
  CHECK(b.snapshot().clients == 0);
  b.now += 1s;
  CHECK(b.after(clock_ticked{}) == effects{drop(v, x), cancel(v, y, 2)});
  CHECK(b.snapshot().clients == 0);
  CHECK(!b.machine.deadline());
}

TEST_CASE("nothing is told to a client that is away; what it claims it hears when it is back") {
  away b;
  CHECK(b.finish(v, y, 2).empty());
  CHECK(b.come_back(alice) == effects{admit_client{9, alice}, welcome(alice)});
  CHECK(b.submit(y) == effects{meet(alice, v, "v"), done(y, v)});
  CHECK(b.after(alice, claim_task{x}) == effects{done(x, v)});
  CHECK(b.after(alice, end_claims{}).empty());
  CHECK(!b.machine.deadline());
}

TEST_CASE("what a client that comes back does not name is released") {
  away b;
  b.come_back(alice);
  CHECK(b.submit(y).empty());
  CHECK(b.submit(z) == effects{run(v, z, 3)});
  CHECK(b.after(alice, end_claims{}) == effects{drop(v, x)});
  CHECK(b.finish(v, z, 3) == effects{meet(alice, v, "v"), done(z, v)});
}

TEST_CASE("a client is never here twice: the newer connection is the client") {
  bench b;
  b.join();
  CHECK(b.come_back(alice) ==
        effects{dismiss_client{alice}, admit_client{9, alice}, welcome(alice)});
  CHECK(b.snapshot().clients == 1);
}

TEST_CASE("who was away for too long, or is somebody else, is a new client") {
  away b;
  b.now += 60s;
  b.after(clock_ticked{});
  CHECK(b.come_back(alice) == effects{admit_client{9, bob}, welcome(bob)});
  hello who;
  who.session = session;
  who.client = bob;
  who.process = uuid{3};
  CHECK(b.after(client_joined{4, std::make_shared<hello>(who)}).size() == 2);
  CHECK(b.snapshot().clients == 2);
}

TEST_CASE("a claim of what nobody knows is answered") {
  away b;
  b.come_back(alice);
  const auto out = b.after(alice, claim_task{z});
  REQUIRE(out.size() == 1);
  CHECK(std::get<task_failed>(std::get<tell_client>(out[0]).message).why.code ==
        errc::unknown_input);
}

TEST_CASE("data is placed again for a client that comes back") {
  bench b;
  b.join();
  b.worker("v");
  b.after(alice, scatter_data{x, 10});
  b.after(client_lost{alice});
  b.come_back(alice);
  CHECK(b.after(alice, scatter_data{x, 10}) ==
        effects{meet(alice, v, "v"), tell_client{alice, place_data{x, v}}});
  CHECK(b.after(v, result_added{x, 10}) == effects{done(x, v, 10)});
}

TEST_CASE("a worker that comes back is given nothing before it has told what it has") {
  bench b;
  b.join();
  b.worker("v", 1);
  b.submit(x);
  b.submit(y);
  b.after(v, run_finished{x, {1}, 100, 1s, false, {}});
  b.after(worker_lost{v});
  CHECK(b.worker("v", 1, {}, {{"f", "()"}}, session) == effects{admit_worker{0, w}, welcome(w)});
  // Alice was told of x before.
  CHECK(b.after(w, result_added{x, 100}).empty());
  CHECK(b.after(w, running_task{y, {2}}).empty());
  CHECK(b.after(w, registered{}).empty());
  CHECK(b.finish(w, y, 2) == effects{meet(alice, w, "v"), done(y, w)});
}

TEST_CASE("runs that were given to others meanwhile are called off, and unknown results dropped") {
  bench b;
  b.join();
  b.worker("v", 1);
  b.submit(x);
  b.after(worker_lost{v});
  CHECK(b.worker("w").back() == run(w, x, 2));
  b.worker("v", 1, {}, {{"f", "()"}}, session);
  CHECK(b.after(u, running_task{x, {1}}) == effects{cancel(u, x, 1)});
  CHECK(b.after(u, result_added{z, 5}) == effects{drop(u, z)});
  CHECK(b.after(u, registered{}).empty());
  CHECK(b.finish(w, x, 2).size() == 2);
}

TEST_CASE("a run that may wait for one that is called off is called off with it") {
  bench b;
  b.join();
  b.worker("v", 1);
  b.submit(x);
  b.submit(y);
  b.submit(z, {x});
  b.after(worker_lost{v});
  b.worker("w", 1);
  b.finish(w, x, 2);  // Then w runs y.
  b.worker("v", 1, {}, {{"f", "()"}}, session);
  CHECK(b.after(u, running_task{x, {1}}) == effects{cancel(u, x, 1)});
  CHECK(b.after(u, running_task{z, {2}}) == effects{cancel(u, z, 2)});
  b.after(u, registered{});
  CHECK(b.snapshot().tasks_processing == 2);
}

TEST_CASE("a worker whose older connection is still there is lost on that one") {
  bench b;
  b.join();
  b.worker("v", 1);
  b.submit(x);
  CHECK(b.worker("v", 1, {}, {{"f", "()"}}, session) ==
        effects{dismiss_worker{v}, admit_worker{0, w}, welcome(w)});
  CHECK(b.after(w, running_task{x, {1}}).empty());
  b.after(w, registered{});
  CHECK(b.finish(w, x, 1).size() == 2);
}
