#include "actors/cluster/worker_environment.hpp"

#include <map>
#include <string>

#include <doctest/doctest.h>

#include "config/load.hpp"

using namespace troupe;

TEST_CASE("a worker gets what differs from the defaults and concerns it, and the token") {
  config ours;
  ours.worker.libraries = {"libone.so", "/a path/lib \"two\".so"};
  ours.worker.resources = {{"gpu", 2}};
  ours.worker.report_interval = std::chrono::milliseconds(1500);
  ours.network.frame_max = std::uint64_t{32} << 20;
  ours.security.token = "the secret";
  ours.security.allow_plaintext = true;
  ours.log.level = "debug";
  ours.cluster.workers = 7;
  ours.client.name = "not for workers";
  auto variables = worker_environment(ours);
  REQUIRE(variables);
  CHECK(variables->at("TROUPE_SECURITY__TOKEN") == "the secret");
  CHECK(variables->size() == 8);  // One for each line above but the last two, and TROUPE_CONFIG.

  auto theirs = load_config({.variables = *variables});
  REQUIRE_MESSAGE(theirs, theirs.error().message);
  CHECK(theirs->values.worker.libraries == ours.worker.libraries);
  CHECK(theirs->values.worker.resources == ours.worker.resources);
  CHECK(theirs->values.worker.report_interval == ours.worker.report_interval);
  CHECK(theirs->values.network.frame_max == ours.network.frame_max);
  CHECK(theirs->values.security.token == ours.security.token);
  CHECK(theirs->values.security.allow_plaintext);
  CHECK(theirs->values.log.level == ours.log.level);
  CHECK(theirs->values.cluster.workers == 0);
}

TEST_CASE("the worker processes of a program are as quiet as the program") {
  config ours;
  ours.security.token = "the secret";
  auto theirs = load_config({.variables = worker_environment(ours).value()}).value();
  log_for_operators(theirs);
  CHECK(theirs.values.log.level == "warn");
}
