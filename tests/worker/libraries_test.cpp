#include "actors/worker/libraries.hpp"

#include <string>

#include <doctest/doctest.h>

#include <troupe/codec.hpp>

#include "test_paths.hpp"

using namespace troupe;

namespace {

int one() {
  return 1;
}

double other() {
  return 1;
}

std::string plugin_path(const std::string& name) {
  return TROUPE_BINARY_DIR "/test_plugins/" + name + ".so";
}

bool says(const result<void>& r, const std::string& words) {
  INFO(r.error().message);
  CHECK(r.error().message.find(words) != std::string::npos);
  return r.error().message.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a task library brings its tasks, without linking anything of ours") {
  task_table tasks;
  auto loaded = load_library(plugin_path("good"), tasks);
  REQUIRE_MESSAGE(loaded.has_value(), loaded.error().message);
  CHECK(tasks.signatures() == std::vector<task_signature>{{"plugins::fail", "(i32) -> i32"},
                                                          {"plugins::twice", "(i32) -> i32"}});
  CHECK(bool(tasks.find("plugins::twice")->run));
  CHECK(tasks.find("plugins::thrice") == nullptr);
}

TEST_CASE("a library that is named twice is loaded once") {
  task_table tasks;
  CHECK(load_library(plugin_path("good"), tasks));
  CHECK(load_library(plugin_path("good"), tasks));
  CHECK(tasks.size() == 2);
}

TEST_CASE("a library whose task name is another function's is refused with both signatures") {
  task_table tasks;
  REQUIRE(load_library(plugin_path("good"), tasks));
  auto refused = load_library(plugin_path("other_twice"), tasks);
  REQUIRE_FALSE(refused);
  CHECK(says(refused, "plugins::twice"));
  CHECK(says(refused, "(i32) -> i32 is there already"));
  CHECK(says(refused, "(f64) -> f64 is refused"));
  CHECK(says(refused, "other_twice.so"));
}

TEST_CASE("two functions cannot have one name, but one function may be added twice") {
  task_table tasks;
  tasks.add(task<&one>("number"));
  tasks.add(task<&one>("number"));
  CHECK(tasks.size() == 1);
  CHECK_THROWS_AS(tasks.add(task<&other>("number")), exception);
}

TEST_CASE("a library that does not exist is refused with its path") {
  task_table tasks;
  auto refused = load_library("/nowhere/libtasks.so", tasks);
  REQUIRE_FALSE(refused);
  CHECK(says(refused, "task library '/nowhere/libtasks.so' does not exist"));
  CHECK(refused.error().code == errc::bad_config);
  CHECK_FALSE(load_library("libthere-is-no-such-thing.so", tasks));
  CHECK_FALSE(load_library("", tasks));
}

TEST_CASE("a library of another ABI is refused with both numbers") {
  task_table tasks;
  auto refused = load_library(plugin_path("old"), tasks);
  REQUIRE_FALSE(refused);
  CHECK(says(refused, "was built for plugin ABI 0, this troupe has 2"));
  CHECK(says(refused, "build it again"));
}

TEST_CASE("a shared library that is no plugin is refused") {
  task_table tasks;
  auto refused = load_library(plugin_path("no_plugin"), tasks);
  REQUIRE_FALSE(refused);
  CHECK(says(refused, "troupe_plugin_abi"));
  CHECK(says(refused, "<troupe/plugin.hpp>"));
}

TEST_CASE("a plugin without tasks is no task library") {
  task_table tasks;
  auto refused = load_library(plugin_path("no_tasks"), tasks);
  REQUIRE_FALSE(refused);
  CHECK(says(refused, "does not define troupe_register_tasks"));
}

TEST_CASE("a library that lacks a symbol is refused at once, with the symbol") {
  task_table tasks;
  auto refused = load_library(plugin_path("unlinked"), tasks);
  REQUIRE_FALSE(refused);
  CHECK(says(refused, "nowhere_defined"));
  CHECK(tasks.size() == 0);
}

TEST_CASE("functions for the start run in order, those for the end in the opposite one") {
  task_table tasks;
  std::string calls;
  for (const std::string name : {"a", "b"}) {
    tasks.on_start([&calls, name] { calls += name; });
    tasks.on_stop([&calls, name] { calls += name; });
  }
  CHECK(tasks.start());
  CHECK(tasks.stop());
  CHECK(calls == "abba");
}

TEST_CASE("a function that throws keeps a worker from starting, and not from stopping") {
  task_table tasks;
  std::string calls;
  tasks.on_start([] { throw std::runtime_error("no licence"); });
  tasks.on_start([&calls] { calls += "started"; });
  const auto started = tasks.start();
  REQUIRE_FALSE(started);
  CHECK(started.error().message == "cannot start: no licence");
  tasks.on_stop([&calls] { calls += "stopped"; });
  tasks.on_stop([] { throw 1; });
  CHECK_FALSE(tasks.stop());
  CHECK(calls == "stopped");
}
