#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;

namespace {

spec_ptr only(std::vector<std::string> workers, bool loose = false,
              std::map<std::string, double> resources = {}) {
  task_spec s;
  s.function = "f";
  s.signature = "()";
  s.resources = std::move(resources);
  s.workers = std::move(workers);
  s.allow_other_workers = loose;
  return std::make_shared<const task_spec>(std::move(s));
}

struct two_workers : bench {
  two_workers() : bench({.prefetch = {}}) {
    join();
    worker("v");
    worker("w");
  }
};

}  // namespace

TEST_CASE("a task runs only where it may, however long it waits for that") {
  two_workers b;
  CHECK(b.submit(x, {}, only({"w"})) == effects{run(w, x, 1, {}, only({"w"}))});
  CHECK(b.submit(y, {}, only({"w"})).empty());
  CHECK(b.snapshot().pending_reason == "the one worker is busy");
  CHECK(b.submit(z) == effects{run(v, z, 2)});
  CHECK(b.finish(v, z, 2) == effects{meet(alice, v, "v"), done(z, v)});
  CHECK(b.finish(w, x, 1) ==
        effects{meet(alice, w, "w"), done(x, w), run(w, y, 3, {}, only({"w"}))});
}

TEST_CASE("a task that no worker may run says so, and runs when one comes") {
  two_workers b;
  const auto s = only({"u", "elsewhere"});
  CHECK(b.submit(x, {}, s).empty());
  CHECK(b.snapshot().pending_reason ==
        "may run only on 'elsewhere', 'u': no worker that is here has such a name or host, and "
        "knows 'f'");
  CHECK(b.submit(y) == effects{run(v, y, 1)});
  const auto came = b.worker("u");
  REQUIRE(came.size() == 3);
  CHECK(came.back() == run(u, x, 2, {}, s));
}

TEST_CASE("a host stands for all its workers") {
  bench b;
  b.join();
  for (const auto* name : {"v", "w"}) {
    auto who = std::make_shared<hello>();
    who->as = role::worker;
    who->name = name;
    who->host = std::string("host of ") + name;
    who->tasks = {{"f", "()"}};
    b.after(worker_joined{0, std::move(who)});
  }
  const auto s = only({"host of w"});
  CHECK(b.submit(x, {}, s) == effects{run(w, x, 1, {}, s)});
}

TEST_CASE("a loose restriction holds while one of its workers is here") {
  bench b({.prefetch = {}});
  b.join();
  b.worker("v");
  const auto s = only({"w"}, true);
  CHECK(b.submit(x, {}, s) == effects{run(v, x, 1, {}, s)});
  b.worker("w");
  CHECK(b.submit(y, {}, s) == effects{run(w, y, 2, {}, s)});
  b.finish(v, x, 1);
  CHECK(b.submit(z, {}, s).empty());
  // y has to run again as well; the only one left takes them in their order.
  CHECK(b.after(worker_lost{w}) == effects{run(v, y, 3, {}, s)});
}

TEST_CASE("a new restriction changes nothing for tasks without one") {
  two_workers b;
  b.submit(x);
  b.submit(y);
  b.submit(z);
  b.submit(number(4), {}, only({"w"}));
  CHECK(b.finish(v, x, 1) == effects{meet(alice, v, "v"), done(x, v), run(v, z, 3)});
  CHECK(b.finish(w, y, 2).back() == run(w, number(4), 4, {}, only({"w"})));
}

TEST_CASE("a task goes along with its input only to where it may run") {
  two_workers b;
  b.submit(x);
  b.finish(v, x, 1, 100, std::chrono::microseconds(10));
  b.submit(y);  // On v, and short.
  b.submit(z, {y}, only({"w"}));
  CHECK(b.snapshot().tasks_processing == 1);
  CHECK(b.finish(v, y, 2, 100, std::chrono::microseconds(10)) ==
        effects{done(y, v), meet(w, v, "v"), run(w, z, 3, {{y, 100, {v}}}, only({"w"}))});
}

TEST_CASE("restrictions and resources hold together") {
  bench b;
  b.join();
  b.worker("v", 1, {{"gpu", 1}});
  b.worker("w", 1, {{"gpu", 1}});
  const auto s = only({"w"}, false, {{"gpu", 1}});
  CHECK(b.submit(x, {}, s) == effects{run(w, x, 1, {}, s)});
  CHECK(b.submit(y, {}, s).empty());
  CHECK(b.snapshot().pending_reason == "needs gpu=1, all of it is in use");
  CHECK(b.finish(w, x, 1).back() == run(w, y, 2, {}, s));
}

TEST_CASE("a task that may not run where its input is made does not go along with it") {
  bench b({.prefetch = std::chrono::milliseconds(1)});
  b.join();
  b.worker("v");
  b.submit(number(100));
  b.finish(v, number(100), 1, 100, std::chrono::microseconds(200));
  b.worker("w");
  const auto made = b.submit(x);
  REQUIRE(made.size() == 1);
  auto s = *spec();
  s.workers = {std::get<tell_worker>(made[0]).worker == v ? "w" : "v"};
  CHECK(b.submit(y, {x}, std::make_shared<const task_spec>(s)).empty());
}
