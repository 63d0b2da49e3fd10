#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;
using namespace std::chrono_literals;

namespace {

struct told : bench {
  told() {
    join();
    worker("v");
  }

  task_story story(task_id task) {
    return std::get<task_story>(
        std::get<tell_client>(after(alice, explain_task{task}).at(0)).message);
  }
};

std::vector<std::string> words(const task_story& s) {
  std::vector<std::string> all;
  for (const auto& step : s.steps)
    all.push_back(step.what);
  return all;
}

spec_ptr needing(std::map<std::string, double> resources, std::vector<std::string> workers = {}) {
  task_spec s = *spec();
  s.resources = std::move(resources);
  s.workers = std::move(workers);
  return std::make_shared<const task_spec>(std::move(s));
}

}  // namespace

TEST_CASE("a task's story is all that happened to it, who did it and why it waits") {
  told b;
  task_spec s = *spec();
  s.retries = 1;
  b.submit(x, {}, std::make_shared<const task_spec>(s));
  b.submit(y, {x});
  b.now += 2s;
  b.after(v, run_failed{x, {1}, {errc::task_failed, "no", "oops"}});
  const auto all = b.story(x);
  CHECK(all.task == x);
  CHECK(all.name == "f");
  CHECK(all.state == "processing");
  CHECK(all.reason == "on 'v'");
  CHECK(words(all) == std::vector<std::string>{"released -> queued: submitted (client 1)",
                                               "queued -> processing on 'v': submitted (client 1)",
                                               "processing -> waiting: a run threw ('v')",
                                               "waiting -> queued: a run threw ('v')",
                                               "queued -> processing on 'v': a run threw ('v')"});
  CHECK(all.steps[0].age_ns == 2'000'000'000);
  CHECK(all.steps[2].age_ns == 0);
  CHECK(b.story(y).reason == "waits for 1 input: 'f' (task 1:1), which is processing");
}

TEST_CASE("the story of a task that is gone is still told, and of one that never was not") {
  told b;
  b.submit(x);
  b.finish(v, x, 1);
  b.after(alice, release_task{x});
  CHECK(b.story(x).state == "forgotten");
  CHECK(b.story(x).steps.size() == 4);
  CHECK(b.story(number(77)).state == "unknown");
  CHECK(b.story(number(77)).steps.empty());
}

TEST_CASE("a story survives the worker that is in it") {
  told b;
  b.submit(x);
  b.after(worker_lost{v});
  CHECK(words(b.story(x)) ==
        std::vector<std::string>{
            "released -> queued: submitted (client 1)",
            "queued -> processing on a worker that is gone: submitted (client 1)",
            "processing -> waiting: was lost (a worker that is gone)",
            "waiting -> queued: was lost (a worker that is gone)"});
  CHECK(b.story(x).reason == "no worker is connected");
}

TEST_CASE("only the last thousands of changes are kept, of whichever tasks") {
  told b;
  b.submit(x, {}, needing({{"gpu", 1}}));
  CHECK(b.story(x).steps.size() == 1);
  for (std::uint64_t i = 10; i < 10'000; ++i) {
    b.submit(number(i));
    b.after(alice, cancel_task{number(i)});
    b.after(alice, release_task{number(i)});
  }
  CHECK(b.story(x).steps.size() == 1);
  for (std::uint64_t i = 10'000; i < 20'000; ++i) {
    b.submit(number(i));
    b.after(alice, cancel_task{number(i)});
    b.after(alice, release_task{number(i)});
  }
  CHECK(b.story(x).steps.empty());
  CHECK(b.story(x).reason == "needs gpu=1, no worker has it");
}

TEST_CASE("why a task waits: each reason in words") {
  told b;
  b.submit(x, {}, spec("nobody_knows_it"));
  CHECK(b.story(x).reason == "no worker knows 'nobody_knows_it'; nearest: f (1 worker)");
  b.submit(y, {}, needing({}, {"w"}));
  CHECK(b.story(y).reason ==
        "may run only on 'w': no worker that is here has such a name or host, and knows 'f'");
  b.submit(z);
  CHECK(b.story(z).reason == "on 'v'");
  b.submit(number(4));
  CHECK(b.story(number(4)).reason == "the one worker is busy");
  b.after(v, worker_changed{worker_state::paused});
  CHECK(b.story(number(4)).reason == "the one worker takes no new work: paused or leaving");
}
