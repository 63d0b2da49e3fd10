#include "backends/registry.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <troupe/settings.hpp>

#include "config/load.hpp"

using namespace troupe;
using namespace troupe::backends;

namespace {

class nowhere final : public backend {
public:
  result<std::vector<launch_id>> launch(const launch_order&) override {
    return error{errc::system, "there is no nowhere"};
  }

  result<void> retire(const std::vector<launch_id>&) override { return {}; }

  result<std::string> preview(const launch_order&) override { return std::string(); }

  result<std::vector<launch_status>> survey() override { return std::vector<launch_status>{}; }
};

result<std::unique_ptr<backend>> make_nowhere(settings& section, const services&) {
  section.integer("depth", 3, 1, 9);
  return std::unique_ptr<backend>(std::make_unique<nowhere>());
}

}  // namespace

TEST_CASE("the local place and batch queues are built in") {
  const registry kinds;
  CHECK(kinds.types() == std::vector<std::string>{"jobqueue", "local"});
  settings section("cluster.local");
  CHECK(kinds.make("local", section, {}));
  section.set("isolation", "thread");
  CHECK(kinds.make("local", section, {}));
}

TEST_CASE("a type that nobody knows is an error with the known ones and the nearest") {
  registry kinds;
  kinds.add({"nowhere", make_nowhere});
  settings section;
  auto made = kinds.make("locall", section, {});
  REQUIRE_FALSE(made);
  CHECK(made.error().code == errc::bad_config);
  CHECK(made.error().message ==
        "cluster.type = \"locall\" is not known: it can be jobqueue, local or nowhere, or what a "
        "plugin in "
        "cluster.plugins adds; did you mean local?");
}

TEST_CASE("a kind that was added can be made, and a second one of its name cannot be added") {
  registry kinds;
  kinds.add({"nowhere", make_nowhere});
  settings section("cluster.nowhere");
  section.set("depth", 4);
  CHECK(kinds.make("nowhere", section, {}));
  CHECK_THROWS_AS(kinds.add({"nowhere", make_nowhere}), exception);
  CHECK_THROWS_AS(kinds.add({"local", make_nowhere}), exception);
  CHECK_THROWS_AS(kinds.add({"", make_nowhere}), exception);
}

TEST_CASE("keys of its section that a backend does not know are errors, and so are wrong values") {
  registry kinds;
  kinds.add({"nowhere", make_nowhere});
  settings unknown("cluster.nowhere");
  unknown.set("dept", 4);
  auto made = kinds.make("nowhere", unknown, {});
  REQUIRE_FALSE(made);
  CHECK(made.error().message.find("dept") != std::string::npos);
  CHECK(made.error().message.find("did you mean depth?") != std::string::npos);
  settings wrong("cluster.nowhere");
  wrong.set("depth", 10);
  CHECK_FALSE(kinds.make("nowhere", wrong, {}));
  settings place("cluster.local");
  place.set("isolation", "glass");
  CHECK_FALSE(kinds.make("local", place, {}));
}

TEST_CASE("a plugin that does not exist is an error that names it") {
  registry kinds;
  auto loaded = kinds.load("/nowhere/libmoon.so");
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().message.find("backend plugin '/nowhere/libmoon.so'") != std::string::npos);
}

TEST_CASE("a library that is no plugin is refused") {
  registry kinds;
  auto loaded = kinds.load("libm.so.6");
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().message.find("troupe_plugin_abi") != std::string::npos);
}

TEST_CASE("a section of a type that nobody knows is an error where it was written") {
  registry kinds;
  kinds.add({"nowhere", make_nowhere});
  const auto written = parse_config(
                           "[cluster]\ntype = \"local\"\n[cluster.local]\n[cluster.nowhere]\n"
                           "depth = 3\n[cluster.locl]\nisolation = \"thread\"\n",
                           "t.toml")
                           .value()
                           .values.cluster;
  const auto refused = kinds.check(written.places, written.type);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message ==
        "t.toml:6:10: unknown section [cluster.locl], there is no cluster.type of this name: it "
        "can be jobqueue, local or nowhere, or what a plugin in cluster.plugins adds; did you mean "
        "local?");
  // make() tells of this one.
  CHECK(kinds.check(written.places, "locl"));
  const auto variable = load_config({.variables = {{"TROUPE_CLUSTER__LOCL__ISOLATION", "thread"}}});
  const auto& places = variable->values.cluster.places;
  CHECK(kinds.check(places, "local").error().message.starts_with("environment TROUPE_CLUSTER__"));
}
