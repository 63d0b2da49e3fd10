#include <chrono>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "tests/processes/support.hpp"

using namespace processes;
using namespace std::chrono_literals;

TEST_CASE("troupe story tells what happened to a task and what it waits for") {
  const auto options = config(1);
  troupe::cluster cluster(options, register_tasks);
  auto client = cluster.connect();
  cluster.wait_for_workers(1, 20s);
  const auto first = client.submit<&square>(std::int64_t{3});
  CHECK(first.get() == 9);
  const auto stuck = client.with({.resources = {{"gpu", 1}}}).submit<&square>(std::int64_t{4});
  const auto why = "queued: needs gpu=1, no worker has it";
  CHECK(stuck.why() == why);

  const auto story = [&](const std::string& task) {
    return run_troupe({"story", task, "--scheduler", cluster.address(), "--set",
                       "security.token=" + options.security.token});
  };
  const auto client_number = std::to_string(troupe::client_of(first.id()).value);
  const auto told = story(client_number + ":1");
  CAPTURE(told.err);
  CHECK(told.exit_code == 0);
  CAPTURE(told.out);
  CHECK(told.out.find("'processes::square' is in memory") != std::string::npos);
  CHECK(told.out.find("queued -> processing on '") != std::string::npos);
  CHECK(told.out.find("processing -> in memory: finished a run ('") != std::string::npos);
  CHECK(story(client_number + ":2").out.find(std::string("is ") + why) != std::string::npos);
  CHECK(story("7:7").out.find("is unknown") != std::string::npos);
  const auto wrong = story("seven");
  CHECK(wrong.exit_code == 1);
  CHECK(wrong.err.find("CLIENT:NUMBER") != std::string::npos);
}
