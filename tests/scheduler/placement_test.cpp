#include "actors/scheduler/core/placement.hpp"

#include "actors/scheduler/core/indexed_heap.hpp"
#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;

namespace {

std::map<worker_id, int> runs_by_worker(const effects& out) {
  std::map<worker_id, int> counts;
  for (const auto& e : out)
    if (const auto* order = std::get_if<tell_worker>(&e))
      counts[order->worker] += std::holds_alternative<run_task>(order->message);
  return counts;
}

effects submit_many(bench& b, std::uint64_t first, std::uint64_t count, const spec_ptr& what) {
  effects all;
  for (auto n = first; n < first + count; ++n) {
    const auto out = b.submit(number(n), {}, what);
    all.insert(all.end(), out.begin(), out.end());
  }
  return all;
}

spec_ptr needing(std::map<std::string, double> resources) {
  auto s = std::make_shared<task_spec>(*spec());
  s->resources = std::move(resources);
  return s;
}

}  // namespace

TEST_CASE("a task goes where it can start first") {
  using core::candidate;
  const candidate idle{1, 0, 1'000'000, 1};  // A millisecond of bytes to bring.
  const candidate holder{2, 500'000, 0, 0};  // Half a millisecond to wait.
  const candidate busy_holder{3, 50'000'000, 0, 0};
  const std::vector<candidate> near{idle, holder};
  const std::vector<candidate> far{idle, busy_holder};
  CHECK(core::choose(near).worker == 2);
  CHECK(core::choose(far).worker == 1);
  const std::vector<candidate> equal{{4, 0, 0, 0}, {5, 0, 0, 0}};
  CHECK(core::choose(equal).worker == 4);
}

TEST_CASE("functions that nobody has timed go to threads only, one each") {
  bench b;
  b.join();
  b.worker("v", 2);
  b.worker("w", 4);
  CHECK(runs_by_worker(submit_many(b, 1, 20, spec())) == std::map<worker_id, int>{{v, 2}, {w, 4}});
}

TEST_CASE("short functions are sent ahead, by the time they take and up to a limit") {
  bench b;
  b.join();
  b.worker("v");
  submit_many(b, 1, 6000, spec());
  // 98 microseconds and 2 of overhead: 200 of them are 20 milliseconds.
  auto out = b.finish(v, number(1), 1, 1, std::chrono::microseconds(98));
  CHECK(runs_by_worker(out)[v] == 200);
  CHECK(b.snapshot().tasks_processing == 200);
}

TEST_CASE("however short a function is, a worker gets only so many ahead") {
  bench b;
  b.join();
  b.worker("v");
  submit_many(b, 1, 6000, spec());
  b.finish(v, number(1), 1, 1, std::chrono::nanoseconds(1));
  CHECK(b.snapshot().tasks_processing == 4097);
}

TEST_CASE("long functions are not sent ahead") {
  bench b;
  b.join();
  b.worker("v");
  submit_many(b, 1, 10, spec());
  CHECK(runs_by_worker(b.finish(v, number(1), 1, 1, std::chrono::seconds(1)))[v] == 1);
}

TEST_CASE("a task goes to the worker that holds most of its inputs' bytes") {
  bench b;
  b.join();
  b.worker("v");
  b.worker("w");
  b.submit(x);
  b.submit(y);
  b.finish(v, x, 1, 50'000'000);
  b.finish(w, y, 2, 10);
  CHECK(runs_by_worker(b.submit(z, {x, y})) == std::map<worker_id, int>{{v, 1}});
}

TEST_CASE("a task does not wait for a busy holder") {
  bench b;
  b.join();
  b.worker("v");
  b.worker("w");
  b.submit(x);
  b.finish(v, x, 1, 50'000'000);
  b.submit(y, {x});  // On v.
  CHECK(runs_by_worker(b.submit(z, {x})) == std::map<worker_id, int>{{w, 1}});
}

TEST_CASE("a task waits for a holder that is done sooner than its input could be moved") {
  bench b;
  b.join();
  b.worker("v");
  b.worker("w");
  b.submit(x);
  b.finish(v, x, 1, 50'000'000, std::chrono::milliseconds(30));
  b.submit(y, {x});  // On v, which has all the work it is sent ahead.
  CHECK(runs_by_worker(b.submit(z, {x})) == std::map<worker_id, int>{{v, 1}});
}

TEST_CASE("resources are never given twice") {
  bench b;
  b.join();
  b.worker("v", 8, {{"gpu", 1}});
  const auto half = needing({{"gpu", 0.5}});
  CHECK(runs_by_worker(submit_many(b, 1, 5, half))[v] == 2);
  CHECK(runs_by_worker(b.finish(v, number(1), 1))[v] == 1);
  CHECK(runs_by_worker(b.submit(number(6)))[v] == 1);  // Needs none: it goes past.
}

TEST_CASE("tasks for a resource go to workers that have it, among many that have not") {
  bench b;
  b.join();
  b.worker("v", 4);
  b.worker("w", 4, {{"gpu", 2}});
  b.worker("u", 4);
  CHECK(runs_by_worker(submit_many(b, 1, 4, needing({{"gpu", 1}}))) ==
        std::map<worker_id, int>{{w, 2}});
  CHECK(runs_by_worker(b.worker("w2", 1, {{"gpu", 1}}))[worker_id{4}] == 1);
}

TEST_CASE("a resource that comes free on a busy worker is used once a thread is free") {
  bench b;
  b.join();
  b.worker("v", 1, {{"gpu", 1}});
  b.submit(x);
  CHECK(b.submit(y, {}, needing({{"gpu", 1}})).empty());
  CHECK(runs_by_worker(b.finish(v, x, 1))[v] == 1);
}

TEST_CASE("higher priority goes first, then what was submitted first, whatever the function") {
  bench b;
  b.join();
  b.worker("v");
  auto urgent = std::make_shared<task_spec>(*spec("g"));
  urgent->priority = 7;
  b.submit(number(1));
  b.submit(number(2), {}, spec("g"));
  b.submit(number(3), {}, spec("f"));
  b.submit(number(4), {}, urgent);
  std::vector<task_id> order;
  task_id last = number(1);
  for (std::uint64_t r = 1; r <= 3; ++r)
    for (const auto& e : b.finish(v, last, r))
      if (const auto* o = std::get_if<tell_worker>(&e)) {
        last = std::get<run_task>(o->message).task;
        order.push_back(last);
      }
  CHECK(order == std::vector<task_id>{number(4), number(2), number(3)});
}

TEST_CASE("an urgent task goes first although its function was last in line") {
  bench b;
  b.join();
  b.worker("v");
  auto urgent = std::make_shared<task_spec>(*spec("f"));
  urgent->priority = 7;
  b.submit(number(1));
  b.submit(number(2), {}, spec("g"));
  b.submit(number(3), {}, spec("f"));
  b.submit(number(4), {}, urgent);
  CHECK(b.finish(v, number(1), 1).back() == run(v, number(4), 2, {}, urgent));
}

TEST_CASE("of many short runs that are ready, neighbours stay together") {
  core::worker_table workers(std::chrono::milliseconds(20));
  const auto first = workers.add(v, std::make_shared<hello>(), 0);
  const auto second = workers.add(w, std::make_shared<hello>(), 0);
  const auto more = [&](std::uint32_t worker) { workers.begin_run(worker, 300'000, {}); };
  more(first);
  more(second);
  more(first);
  const auto together = [&](std::uint64_t ready) {
    return workers.nearly_as_free(first, second, ready * 300'000 / 2);
  };
  CHECK(together(8));
  CHECK_FALSE(together(1));
  for (int i = 0; i < 8; ++i)
    more(first);
  CHECK_FALSE(together(1'000'000));  // The other one must not wait for its first ones for long.
}

TEST_CASE("a heap of slots keeps the least on top while keys change") {
  core::indexed_heap<int> heap;
  for (std::uint32_t s = 0; s < 50; ++s)
    heap.set(s, static_cast<int>(s * 37 % 50));
  for (std::uint32_t s = 0; s < 50; s += 3)
    heap.remove(s);
  for (std::uint32_t s = 1; s < 50; s += 3)
    heap.set(s, -heap.key_of(s));
  int before = -1000;
  std::size_t count = 0;
  for (; !heap.empty(); ++count) {
    CHECK(heap.top().key >= before);
    before = heap.top().key;
    heap.remove(heap.top().slot);
  }
  CHECK(count == 33);
}

TEST_CASE("one run that took much longer makes the next ones be expected to") {
  bench b({.prefetch = std::chrono::milliseconds(10)});
  b.join();
  b.worker("v");
  b.submit(x);
  b.finish(v, x, 1, 100, std::chrono::microseconds(200));
  b.submit(y);
  b.finish(v, y, 2, 100, std::chrono::seconds(1));
  for (std::uint64_t i = 10; i < 15; ++i)
    b.submit(number(i));
  CHECK(b.snapshot().tasks_processing == 1);
}
