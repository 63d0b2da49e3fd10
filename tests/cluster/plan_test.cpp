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
