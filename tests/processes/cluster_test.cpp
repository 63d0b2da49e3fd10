#include <chrono>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <troupe/troupe.hpp>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr auto limit = 30s;

int twice(int x) {
  return 2 * x;
}

inline constexpr auto twice_task = task<&twice>("tests.twice");

void register_tasks(task_registry& tasks) {
  tasks.add(twice_task);
}

config quiet(const std::string& isolation, unsigned workers) {
  config options;
  options.cluster.workers = workers;
  options.cluster.place = settings("cluster.local");
  options.cluster.place.set("isolation", isolation);
  options.worker.threads = 1;
  options.security.token = "of this test";
  options.log.level = "off";
  options.client.progress = "off";
  return options;
}

}  // namespace

TEST_CASE("a cluster of threads runs tasks of this program") {
  cluster here(quiet("thread", 2), register_tasks);
  auto me = here.connect();
  std::vector<int> numbers{1, 2, 3, 4, 5};
  auto doubled = me.map(twice_task, numbers);
  CHECK(me.gather(doubled) == std::vector<int>{2, 4, 6, 8, 10});
  here.wait_for_workers(2, limit);
  CHECK(here.summary().threads == 2);
}

TEST_CASE("a cluster tells people what and where it is") {
  auto options = quiet("thread", 2);
  options.cluster.name = "bench";
  options.worker.memory = std::uint64_t{3} << 29;
  cluster here(options, register_tasks);
  here.wait_for_workers(2, limit);
  std::ostringstream text;
  text << here;
  CHECK(text.str() == "cluster 'bench' at " + here.address() + ": 2 workers, 2 threads, 3.0 GiB");
}

TEST_CASE("a cluster of processes grows and shrinks as it is told") {
  cluster here(quiet("process", 1));
  here.wait_for_workers(1, limit);
  here.scale(3);
  here.wait_for_workers(3, limit);
  here.scale(1);
  const auto until = std::chrono::steady_clock::now() + limit;
  while (here.summary().workers != 1 && std::chrono::steady_clock::now() < until) {
  }
  CHECK(here.summary().workers == 1);
  CHECK(here.summary().wanted == 1);
}

TEST_CASE("workers that cannot start are an error of connect(), with their own words") {
  for (const auto* isolation : {"process", "thread"}) {
    CAPTURE(isolation);
    auto options = quiet(isolation, 2);
    options.worker.libraries = {"/nowhere/libtasks.so"};
    cluster here(options);
    const auto begin = std::chrono::steady_clock::now();
    try {
      here.connect();
      FAIL("it connected");
    } catch (const exception& e) {
      CHECK(e.code() == errc::worker_lost);
      CHECK(std::string(e.what()).find("/nowhere/libtasks.so") != std::string::npos);
    }
    CHECK(std::chrono::steady_clock::now() - begin < options.cluster.start_timeout);
  }
}

TEST_CASE("a cluster that cannot be leaves nothing behind when it says so") {
  auto options = quiet("process", 1);
  options.cluster.type = "lokal";
  CHECK_THROWS_WITH_AS(cluster{options}, doctest::Contains("did you mean local?"), exception);
  options.cluster.type = "local";
  options.cluster.place.set("isolation", "glass");
  CHECK_THROWS_AS(cluster{options}, exception);
  options = quiet("process", 1);
  options.scheduler.listen = "tcp://192.0.2.1:1";
  CHECK_THROWS_AS(cluster{options}, exception);
}

TEST_CASE("a wait for workers that are not wanted ends at its limit") {
  cluster here(quiet("thread", 1), register_tasks);
  here.wait_for_workers(1, limit);
  CHECK_THROWS_AS(here.wait_for_workers(2, 1ms), exception);
}

TEST_CASE("a client that outlives its cluster gets errors, not a hang") {
  auto here = std::make_unique<cluster>(quiet("thread", 1), register_tasks);
  auto me = here->connect();
  CHECK(me.submit(twice_task, 4).get() == 8);
  here.reset();
  CHECK_THROWS_AS(me.submit(twice_task, 5).get(), exception);
}
