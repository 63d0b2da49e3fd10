#include "actors/cluster/core/plan.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::core;

namespace {

constexpr machine_share eight_cores{8, 1600};

worker_plan plan(std::uint32_t workers, std::uint32_t threads, std::uint64_t memory) {
  config options;
  options.cluster.workers = workers;
  options.worker.threads = threads;
  options.worker.memory = memory;
  return plan_workers(options, eight_cores);
}

}  // namespace

TEST_CASE("without a word there is a worker of one thread for each core") {
  CHECK(plan(0, 0, 0) == worker_plan{8, 1, 200});
}

TEST_CASE("what the config leaves open fits what it says") {
  CHECK(plan(2, 0, 0) == worker_plan{2, 4, 800});
  CHECK(plan(3, 0, 0) == worker_plan{3, 2, 533});
  CHECK(plan(0, 4, 0) == worker_plan{2, 4, 800});
  CHECK(plan(0, 0, 77) == worker_plan{8, 1, 77});
}

TEST_CASE("more is planned than the machine has if the config says so") {
  CHECK(plan(20, 0, 0) == worker_plan{20, 1, 80});
  CHECK(plan(0, 16, 0) == worker_plan{1, 16, 1600});
  CHECK(plan(20, 3, 1000) == worker_plan{20, 3, 1000});
}

TEST_CASE("a machine that says nothing has one core") {
  CHECK(plan_workers(config{}, machine_share{0, 0}) == worker_plan{1, 1, 0});
}

TEST_CASE("a size in workers, launches, cores or memory is as many launches as hold it") {
  constexpr worker_plan two_threads{1, 2, 100};
  CHECK(launches_for({.workers = 9}, two_threads, 4) == 3);
  CHECK(launches_for({.launches = 9}, two_threads, 4) == 9);
  CHECK(launches_for({.cores = 17}, two_threads, 4) == 3);
  CHECK(launches_for({.memory_bytes = 401}, two_threads, 4) == 2);
  CHECK(launches_for({.workers = 4, .launches = 2, .cores = 40}, two_threads, 4) == 5);
  CHECK(launches_for({}, two_threads, 4) == 0);
  CHECK(launches_for({.memory_bytes = 1}, {1, 1, 0}, 1) == 0);
}
