#include <chrono>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "tests/processes/support.hpp"

using namespace processes;
using namespace std::chrono_literals;

TEST_CASE("a cluster grows with its work, within its limits, and shrinks when there is none") {
  auto options = config(0);
  options.cluster.survey_interval = 50ms;
  options.cluster.adapt_max = 3;
  options.cluster.adapt_target = 100ms;
  options.cluster.adapt_idle = 500ms;
  troupe::cluster cluster(options, register_tasks);
  auto client = cluster.connect();
  CHECK(cluster.summary().workers == 0);
  std::vector<troupe::future<std::int64_t>> results;
  for (std::int64_t i = 0; i < 100; ++i)
    results.push_back(client.submit<&square_slowly>(i, 20'000));
  CHECK(eventually(20s, [&] { return cluster.summary().workers == 3; }));
  for (std::int64_t i = 0; i < 100; ++i)
    CHECK(results[static_cast<std::size_t>(i)].get() == i * i);
  results.clear();
  CHECK(eventually(20s, [&] { return cluster.summary().workers == 0; }));
  CHECK(client.submit<&square>(std::int64_t{3}).get() == 9);
}

TEST_CASE("launches of several workers are scaled as wholes, and lose no work when they leave") {
  auto options = config(4);
  options.cluster.workers_per_launch = 2;
  troupe::cluster cluster(options, register_tasks);
  auto client = cluster.connect();
  cluster.wait_for_workers(4, 20s);
  std::vector<troupe::future<std::int64_t>> results;
  for (std::int64_t i = 0; i < 200; ++i)
    results.push_back(client.submit<&square_slowly>(i, 10'000));
  cluster.scale({.workers = 1});
  CHECK(eventually(20s, [&] { return cluster.summary().workers == 2; }));
  for (std::int64_t i = 0; i < 200; ++i)
    CHECK(results[static_cast<std::size_t>(i)].get() == i * i);
  CHECK(cluster.summary().wanted == 2);
}

TEST_CASE("closing a cluster twice is closing it once, and nothing else can be done with it then") {
  troupe::cluster cluster(config(1), register_tasks);
  cluster.wait_for_workers(1, 20s);
  cluster.close();
  CHECK(children().empty());
  cluster.close();
  CHECK_THROWS_AS(cluster.connect(), troupe::exception);
}
