#include <string>

#include <doctest/doctest.h>

#include "config/load.hpp"

using namespace troupe;

TEST_CASE("a configuration goes through a file unchanged, with its secrets and its place") {
  config c;
  c.cluster.type = "jobqueue";
  c.cluster.name = "a \"name\"";
  c.cluster.place.set("queue", "fast").set("walltime", "2h").set("cores", 4);
  c.worker.threads = 3;
  c.worker.resources = {{"gpu", 2}};
  c.security.token = "secret";
  const auto text = to_toml(c);
  const auto again = parse_config(text, "again.toml");
  REQUIRE_MESSAGE(again, describe(again.error()));
  CHECK(to_toml(again->values) == text);
  CHECK(again->values.security.token == "secret");
  CHECK(again->values.worker.resources == c.worker.resources);
  CHECK(again->values.cluster.place.keys().size() == 3);
}
