#include <string>

#include <doctest/doctest.h>

#include <troupe/settings.hpp>

#include "config/load.hpp"

using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// What the section [cluster.local] of a file looks like to its backend.
settings place_of(const std::string& keys) {
  return parse_config("[cluster.local]\n" + keys, "t.toml").value().values.cluster.place;
}

std::string problems_of(const settings& s) {
  const auto result = s.leftovers();
  return result ? "" : result.error().message;
}

}  // namespace

TEST_CASE("a backend reads its section with types, and nothing is left over") {
  auto s = place_of(R"(
isolation = "thread"
nice = 5
share = 0.5
whole = 2
grace = "1m"
memory = "1GiB"
bytes = 4096
keep = true
arguments = ["-a", "b"]
labels = { team = "risk", floor = 3 }
weights = { gpu = 2, disk = 0.5 }
)");
  CHECK(s.choice("isolation", "process", {"thread", "process"}) == "thread");
  CHECK(s.integer("nice", 0, 0, 19) == 5);
  CHECK(s.number("share", 1) == 0.5);
  CHECK(s.number("whole", 1) == 2);
  CHECK(s.duration("grace", 5s) == 60s);
  CHECK(s.size("memory", 0) == 1u << 30);
  CHECK(s.size("bytes", 0) == 4096u);
  CHECK(s.flag("keep", false));
  CHECK(s.texts("arguments", {}) == std::vector<std::string>{"-a", "b"});
  CHECK(s.text_table("labels") ==
        std::map<std::string, std::string>{{"team", "risk"}, {"floor", "3"}});
  CHECK(s.number_table("weights") == std::map<std::string, double>{{"gpu", 2}, {"disk", 0.5}});
  CHECK(problems_of(s) == "");
}

TEST_CASE("what is not there takes the default") {
  settings s;
  CHECK(s.text("a", "b") == "b");
  CHECK(s.integer("a", 7) == 7);
  CHECK(s.flag("a", true));
  CHECK(s.duration("a", 3s) == 3s);
  CHECK(s.texts("a", {"x"}) == std::vector<std::string>{"x"});
  CHECK_FALSE(s.has("a"));
  CHECK(problems_of(s) == "");
}

TEST_CASE("a key that nobody asked for is told with its place and what was meant") {
  auto s = place_of("isolatoin = \"thread\"\n");
  s.text("isolation", "process");
  CHECK(problems_of(s) ==
        "t.toml:2:1: unknown key cluster.local.isolatoin; did you mean isolation?");
}

TEST_CASE("everything that is wrong is told at once") {
  auto s = place_of("isolation = \"thraed\"\nnice = 50\ngrace = 5\nother = 1\n");
  CHECK(s.choice("isolation", "process", {"thread", "process"}) == "process");
  CHECK(s.integer("nice", 3, 0, 19) == 3);
  CHECK(s.duration("grace", 5s) == 5s);
  s.refuse("grace", "is longer than the walltime");
  CHECK(problems_of(s) ==
        "t.toml:2:13: cluster.local.isolation must be \"thread\" or \"process\", found \"thraed\"\n"
        "t.toml:3:8: cluster.local.nice must be a whole number from 0 to 19, found 50\n"
        "t.toml:4:9: cluster.local.grace must be a duration such as \"90s\" or \"500ms\", found 5; "
        "it needs a unit; did you mean \"5s\"?\n"
        "t.toml:4:9: cluster.local.grace is longer than the walltime\n"
        "t.toml:5:1: unknown key cluster.local.other; there is isolation, nice or grace");
}

TEST_CASE("a program makes settings without a file") {
  auto s = settings().set("isolation", "thread").set("nice", 5).set("share", 0.5).set("keep", true);
  auto copy = s;
  CHECK(copy == s);
  CHECK(copy.text("isolation", "") == "thread");
  CHECK(copy.integer("nice", 0) == 5);
  CHECK(copy.number("share", 0) == 0.5);
  CHECK(copy.flag("keep", false));
  CHECK(problems_of(copy) == "");
  s.set("nice", 6);
  CHECK_FALSE(copy == s);
}

TEST_CASE("text from the environment is taken for what the backend wants") {
  load_request request;
  request.variables = {{"TROUPE_CLUSTER__LOCAL__NICE", "5"},
                       {"TROUPE_CLUSTER__LOCAL__VERSION", "1.4"},
                       {"TROUPE_CLUSTER__LOCAL__KEEP", "true"},
                       {"TROUPE_CLUSTER__LOCAL__ARGUMENTS", "-a, b"},
                       {"TROUPE_CLUSTER__LOCAL__PARTS", "[\"a,b\", \"c\"]"},
                       {"TROUPE_CLUSTER__LOCAL__LABELS__TEAM", "risk"},
                       {"TROUPE_CLUSTER__LOCAL__WEIGHTS", "gpu=2,disk=0.5"}};
  auto s = load_config(request).value().values.cluster.place;
  CHECK(s.integer("nice", 0) == 5);
  CHECK(s.text("version", "") == "1.4");
  CHECK(s.flag("keep", false));
  CHECK(s.texts("arguments", {}) == std::vector<std::string>{"-a", "b"});
  CHECK(s.texts("parts", {}) == std::vector<std::string>{"a,b", "c"});
  CHECK(s.text_table("labels") == std::map<std::string, std::string>{{"team", "risk"}});
  CHECK(s.number_table("weights") == std::map<std::string, double>{{"gpu", 2}, {"disk", 0.5}});
  CHECK(problems_of(s) == "");
}

TEST_CASE("the value of a password is not told when it does not fit") {
  auto s = place_of("password = 12345\n");
  s.text("password", "");
  CHECK(problems_of(s) ==
        "t.toml:2:12: cluster.local.password must be a text, found a whole number");
}
