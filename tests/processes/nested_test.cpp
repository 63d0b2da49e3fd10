#include <chrono>
#include <fstream>
#include <numeric>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include "tests/processes/support.hpp"

using namespace processes;
using namespace std::chrono_literals;

namespace {

troupe::config one_thread(const std::string& isolation, std::uint32_t workers = 1) {
  auto c = config(workers);
  c.cluster.place.set("isolation", isolation);
  return c;
}

/// What a process has used of all processors.
std::uint64_t cpu_ticks(std::int64_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(in, text);
  std::istringstream words(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i)
    words >> skipped;
  std::uint64_t user = 0;
  words >> user;
  return user;
}

/// Until somebody cancels it, but not for ever.
std::int64_t run_until_cancelled() {
  const auto until = std::chrono::steady_clock::now() + 60s;
  while (!troupe::cancelled())
    if (std::chrono::steady_clock::now() > until) return 0;
  return getpid();
}

}  // namespace

namespace processes {

std::int64_t fibonacci(std::int64_t n) {
  if (n < 2) return n;
  auto client = troupe::current_client();
  auto one = client.submit<&fibonacci>(n - 1);
  auto other = client.submit<&fibonacci>(n - 2);
  return one.get() + other.get();
}

std::int64_t sum_in_tasks(const std::vector<std::int64_t>& all) {
  auto client = troupe::current_client();
  const auto squares = client.gather(client.map<&square>(all));
  return std::accumulate(squares.begin(), squares.end(), std::int64_t{0});
}

std::int64_t poll_cancelled() {
  return run_until_cancelled();
}

std::int64_t poll_forever() {
  for (volatile bool go_on = true; go_on;) {
  }
  return 0;
}

std::int64_t process_number() {
  return getpid();
}

void register_nested(troupe::task_registry& tasks) {
  tasks.add<&fibonacci, &sum_in_tasks, &poll_cancelled, &poll_forever, &process_number>();
}

}  // namespace processes

TEST_CASE("tasks submit tasks and wait for them, with one thread in all") {
  for (const auto* isolation : {"thread", "process"}) {
    CAPTURE(isolation);
    troupe::cluster cluster(one_thread(isolation), register_tasks);
    auto client = cluster.connect();
    CHECK(client.submit<&fibonacci>(std::int64_t{12}).get() == 144);
    std::vector<std::vector<std::int64_t>> parts(20, {1, 2, 3});
    for (const auto& sum : client.map<&sum_in_tasks>(parts))
      CHECK(sum.get() == 14);
  }
}

TEST_CASE("a run over its timeout fails soon, and the worker is free once the function returns") {
  for (const auto* isolation : {"thread", "process"}) {
    CAPTURE(isolation);
    troupe::cluster cluster(one_thread(isolation), register_tasks);
    auto client = cluster.connect();
    auto late = client.with({.timeout = 50ms}).submit<&poll_cancelled>();
    const auto outcome = late.result();
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == troupe::errc::timeout);
    CHECK(outcome.error().worker.find("local-1") == 0);
    CHECK(client.with({.timeout = 60s}).submit<&square>(std::int64_t{3}).get() == 9);
  }
}

TEST_CASE("a cancelled function sees it, and its thread does something else") {
  troupe::cluster cluster(one_thread("process"), register_tasks);
  auto client = cluster.connect();
  auto first = client.submit<&process_number>().get();
  auto endless = client.submit<&poll_cancelled>();
  endless.cancel();
  CHECK(endless.result().error().code == troupe::errc::cancelled);
  { auto dropped = client.submit<&poll_cancelled>(); }
  CHECK(client.submit<&process_number>().get() == first);
}

TEST_CASE("a function that never returns is killed with its process, and the next one runs") {
  troupe::cluster cluster(one_thread("process"), register_tasks);
  auto client = cluster.connect();
  const auto first = client.submit<&process_number>().get();
  auto endless = client.submit<&poll_forever>();
  // A run that has not begun would just be forgotten.
  const auto before = cpu_ticks(first);
  REQUIRE(eventually(20s, [&] { return cpu_ticks(first) > before + 5; }));
  endless.kill();
  CHECK(endless.result().error().code == troupe::errc::cancelled);
  CHECK(client.submit<&process_number>().get() != first);
}
