#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include <doctest/doctest.h>

#include "tests/processes/support.hpp"

using namespace processes;
using namespace std::chrono_literals;

namespace {

constexpr auto limit = 30s;

/// A worker for all tasks, and one for those that need a gpu.
troupe::config two_groups(const std::string& isolation) {
  auto options = config(1);
  options.cluster.survey_interval = 20ms;
  options.cluster.place.set("isolation", isolation);
  options.groups = {{"cpu", options.cluster, options.worker},
                    {"gpu", options.cluster, options.worker}};
  options.groups[1].worker.resources = {{"gpu", 1}};
  return options;
}

troupe::client with_gpu(const troupe::client& client) {
  return client.with({.resources = {{"gpu", 1}}});
}

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const troupe::exception& e) {
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("groups of workers have sizes of their own, and tasks find the one they need") {
  for (const auto* isolation : {"process", "thread"}) {
    CAPTURE(isolation);
    troupe::cluster cluster(two_groups(isolation), register_tasks);
    cluster.wait_for_workers(2, limit);
    cluster.scale("gpu", {.workers = 0});
    REQUIRE(eventually(limit, [&] { return cluster.summary().workers == 1; }));
    CHECK(cluster.summary().wanted == 1);
    auto client = cluster.connect();
    auto needy = with_gpu(client).submit<&square>(std::int64_t{6});
    CHECK(client.submit<&square>(std::int64_t{2}).get() == 4);
    CHECK_FALSE(needy.ready());
    cluster.scale("gpu", {.workers = 1});
    CHECK(needy.get() == 36);
    const std::string which = "this cluster has several groups of workers; say which: cpu or gpu";
    CHECK(message_of([&] { cluster.scale(3); }) == which);
    CHECK(message_of([&] { cluster.adapt({.maximum = {.workers = 1}}); }) == which);
    CHECK(message_of([&] { cluster.scale("tpu", {.workers = 1}); }) ==
          "there is no group \"tpu\"; say which: cpu or gpu");
  }
}

TEST_CASE("a group that adapts grows for the work that needs it, and no other does") {
  auto options = two_groups("process");
  for (auto& group : options.groups) {
    group.cluster.adapt_max = 2;
    group.cluster.adapt_idle = 1h;
  }
  troupe::cluster cluster(options, register_tasks);
  const auto client = cluster.connect();
  auto needy = with_gpu(client).submit<&square>(std::int64_t{6});
  cluster.wait_for_workers(1, limit);
  CHECK(needy.get() == 36);
  CHECK(cluster.summary().wanted == 1);
  auto plain = client.with({.workers = {"cpu-1"}}).submit<&square>(std::int64_t{2});
  CHECK(plain.get() == 4);
  CHECK(cluster.summary().wanted == 2);
}

TEST_CASE("a group without hope is an error only for who needs it") {
  auto options = two_groups("process");
  options.groups[1].worker.libraries = {"/nowhere/libtasks.so"};
  troupe::cluster cluster(options, register_tasks);
  cluster.wait_for_workers(1, limit);
  const auto words = message_of([&] { cluster.wait_for_workers(2, limit); });
  CHECK(words.starts_with("group gpu: workers do not start"));
  CHECK(cluster.connect().submit<&square>(std::int64_t{2}).get() == 4);
}

TEST_CASE("a cluster in a process of its own has its groups, and is scaled by name from outside") {
  auto options = two_groups("process");
  options.cluster.scheduler = "process";
  troupe::cluster cluster(options, register_tasks);
  cluster.wait_for_workers(2, limit);
  cluster.scale("gpu", {.workers = 2});
  cluster.wait_for_workers(3, limit);
  CHECK(with_gpu(cluster.connect()).submit<&square>(std::int64_t{6}).get() == 36);
  const auto troupe = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--set", "security.token=" + options.security.token});
    return run_troupe(words);
  };
  const auto vague = troupe({"scale", cluster.address(), "1"});
  CHECK(vague.exit_code != 0);
  CHECK(vague.err.find("say which: cpu or gpu") != std::string::npos);
  CHECK(troupe({"scale", cluster.address(), "--group", "gpu", "0"}).exit_code == 0);
  CHECK(eventually(limit, [&] { return cluster.summary().workers == 1; }));
  const auto status = troupe({"status", cluster.address()});
  CHECK(status.out.find("gpu: 0 launches wanted") != std::string::npos);
}
