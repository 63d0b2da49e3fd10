#include "config/groups.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

constexpr const char* two_groups = R"([cluster]
type = "jobqueue"
workers = 3
[cluster.jobqueue]
queue = "long"
walltime = "1h"
[worker]
threads = 2
[[cluster.group]]
name = "cpu"
[[cluster.group]]
name = "gpu"
workers = 1
jobqueue.queue = "gpu"
worker.resources = { gpu = 1 }
)";

std::string problems_of(const std::string& text) {
  const auto loaded = parse_config(text, "t.toml");
  return loaded ? "" : loaded.error().message;
}

std::string text_of(const config& c, const char* key) {
  return std::get<std::string>(c.cluster.place.keys().find(std::string_view(key))->second.value);
}

}  // namespace

TEST_CASE("a group says what differs from the cluster, its place and its workers") {
  const auto loaded = parse_config(two_groups, "t.toml");
  REQUIRE_MESSAGE(loaded, loaded.error().message);
  const auto all = each_group(loaded->values);
  REQUIRE(all.size() == 2);
  CHECK(group_names(loaded->values) == "cpu, gpu");
  const auto& [cpu_name, cpu] = all[0];
  const auto& [gpu_name, gpu] = all[1];
  CHECK(cpu_name == "cpu");
  CHECK(cpu.cluster.workers == 3);
  CHECK(cpu.worker.resources.empty());
  CHECK(text_of(cpu, "queue") == "long");
  CHECK(gpu_name == "gpu");
  CHECK(gpu.cluster.type == "jobqueue");
  CHECK(gpu.cluster.workers == 1);
  CHECK(gpu.worker.threads == 2);
  CHECK(gpu.worker.resources == std::map<std::string, double>{{"gpu", 1}});
  CHECK(text_of(gpu, "queue") == "gpu");
  CHECK(text_of(gpu, "walltime") == "1h");
  CHECK(gpu.groups.empty());
}

TEST_CASE("a cluster without groups is one without a name") {
  config c;
  c.cluster.workers = 7;
  const auto all = each_group(c);
  REQUIRE(all.size() == 1);
  CHECK(all[0].first.empty());
  CHECK(all[0].second.cluster.workers == 7);
}

TEST_CASE("groups may be of different places") {
  const auto loaded = parse_config(
      "[cluster]\nworkers = 1\n[[cluster.group]]\nname = \"here\"\n"
      "[[cluster.group]]\nname = \"there\"\ntype = \"jobqueue\"\njobqueue.queue = \"q\"\n",
      "t.toml");
  REQUIRE_MESSAGE(loaded, loaded.error().message);
  const auto all = each_group(loaded->values);
  CHECK(all[0].second.cluster.type == "local");
  CHECK(all[0].second.cluster.place.keys().empty());
  CHECK(all[1].second.cluster.type == "jobqueue");
  CHECK(text_of(all[1].second, "queue") == "q");
}

TEST_CASE("what is wrong with a group is told with its place, and what is wrong for all, once") {
  CHECK(problems_of("[cluster]\nkeep = 3\n[[cluster.group]]\nname = \"a\"\n"
                    "[[cluster.group]]\nname = \"b\"\n") ==
        "t.toml:2:8: cluster.keep must be true or false, found 3");
  CHECK(problems_of("[[cluster.group]]\nname = \"a\"\nworker.threds = 2\n") ==
        "t.toml:3:8: unknown key worker.threds; did you mean threads?");
  CHECK(problems_of("[[cluster.group]]\nname = \"a\"\nkeep = true\n") ==
        "t.toml:3:1: keep is of the whole cluster: write it in [cluster]");
  CHECK(problems_of("[[cluster.group]]\nworkers = 2\n") ==
        "t.toml:1:1: this group needs a name: name = \"gpu\"");
  CHECK(problems_of("[[cluster.group]]\nname = \"a\"\n[[cluster.group]]\nname = \"a\"\n") ==
        "t.toml:4:8: there are two groups of the name \"a\"");
  const std::string name =
      "a group's name must be a name of lower-case letters, digits and _ that "
      "begins with a letter, and not \"scheduler\", found ";
  CHECK(problems_of("[[cluster.group]]\nname = \"2x\"\n") == "t.toml:2:8: " + name + "\"2x\"");
  CHECK(problems_of("[[cluster.group]]\nname = \"a-b\"\n") == "t.toml:2:8: " + name + "\"a-b\"");
  CHECK(problems_of("[[cluster.group]]\nname = \"scheduler\"\n") ==
        "t.toml:2:8: " + name + "\"scheduler\"");
  CHECK(problems_of("[cluster]\ngroup = 3\n") ==
        "t.toml:2:1: cluster.group must be a list of tables, written [[cluster.group]]");
  CHECK(problems_of("[[cluster.group]]\nname = \"a\"\nworker = 3\n") ==
        "t.toml:3:1: worker must be a table with keys of [worker], as in worker.threads = 4, found "
        "3");
  CHECK(problems_of("[[cluster.group]]\nname = \"a\"\nworkers = \"many\"\n") ==
        "t.toml:3:11: cluster.workers must be a whole number from 0 to 100000, found \"many\"");
}

TEST_CASE("groups go through a file unchanged") {
  const auto loaded = parse_config(two_groups, "t.toml");
  const auto text = to_toml(loaded->values);
  const auto again = parse_config(text, "again.toml");
  REQUIRE_MESSAGE(again, again.error().message);
  CHECK(to_toml(again->values) == text);
  CHECK(again->values.groups.size() == 2);
  CHECK(again->values.groups[1].worker.resources == std::map<std::string, double>{{"gpu", 1}});
}

TEST_CASE("the effective configuration shows what each group says") {
  const auto shown = show(parse_config(two_groups, "t.toml").value());
  CHECK(
      shown.ends_with("\n[[cluster.group]]\nname = \"cpu\"  # t.toml:10\n"
                      "\n[[cluster.group]]\njobqueue.queue = \"gpu\"          # t.toml:14\n"
                      "name = \"gpu\"                    # t.toml:12\n"
                      "worker.resources = { gpu = 1 }  # t.toml:15\n"
                      "workers = 1                     # t.toml:13\n"));
}

TEST_CASE("groups made by a program are checked") {
  config c;
  c.groups = {{"a", c.cluster, c.worker}, {"a", c.cluster, c.worker}};
  CHECK(validate(c).error().message == "there are two groups of the name \"a\"");
  c.groups.pop_back();
  CHECK(validate(c));
  c.groups[0].worker.memory_pause = 2;
  CHECK(validate(c).error().message ==
        "group a: worker.memory_pause must be a number from 0.0 to 1.0, found 2.0");
}
