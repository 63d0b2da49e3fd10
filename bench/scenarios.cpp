#include "bench/scenarios.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <vector>

namespace bench {

namespace {

using clock = std::chrono::steady_clock;

double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

void expect(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error("wrong answer: " + what);
}

void noop(std::int64_t) {}

std::int64_t increment(std::int64_t x) {
  return x + 1;
}

std::int64_t add(std::int64_t a, std::int64_t b) {
  return a + b;
}

/// Keeps a core busy for `us` microseconds.
std::int64_t grain(std::int64_t i, std::int64_t us) {
  const auto end = clock::now() + std::chrono::microseconds(us);
  while (clock::now() < end) {
  }
  return i;
}

constexpr auto noop_task = troupe::task<&noop>("bench.noop");
constexpr auto increment_task = troupe::task<&increment>("bench.increment");
constexpr auto add_task = troupe::task<&add>("bench.add");
constexpr auto grain_task = troupe::task<&grain>("bench.grain");

std::vector<std::int64_t> numbers(std::int64_t n) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i] = static_cast<std::int64_t>(i);
  return all;
}

metrics map_noop(stage& on, const nlohmann::json& params) {
  const auto n = params.at("n").get<std::int64_t>();
  const auto items = numbers(n);
  const auto start = clock::now();
  auto futures = on.client.map(noop_task, items);
  const double submitted = seconds_since(start);
  troupe::wait(futures);
  const double total = seconds_since(start);
  for (const auto& f : futures)
    expect(f.result().has_value(), "a no-op failed");
  return {
      {"total_s", total}, {"submit_s", submitted}, {"tasks_per_s", static_cast<double>(n) / total}};
}

metrics map_grain(stage& on, const nlohmann::json& params) {
  const auto n = params.at("n").get<std::int64_t>();
  const auto us = params.at("us").get<std::int64_t>();
  const auto items = numbers(n);
  const auto start = clock::now();
  auto futures = on.client.map(grain_task, items, us);
  troupe::wait(futures);
  const double total = seconds_since(start);
  const double ideal = static_cast<double>(n * us) * 1e-6 / 2;
  return {{"total_s", total}, {"efficiency", ideal / total}};
}

metrics roundtrip(stage& on, const nlohmann::json& params) {
  const auto n = params.at("n").get<std::int64_t>();
  std::vector<double> times;
  const auto start = clock::now();
  for (std::int64_t i = 0; i < n; ++i) {
    const auto before = clock::now();
    expect(on.client.submit(increment_task, i).get() == i + 1, "increment");
    times.push_back(seconds_since(before) * 1e6);
  }
  const double total = seconds_since(start);
  std::sort(times.begin(), times.end());
  return {{"total_s", total},
          {"p50_us", times[times.size() / 2]},
          {"p99_us", times[times.size() * 99 / 100]}};
}

metrics chain(stage& on, const nlohmann::json& params) {
  const auto n = params.at("n").get<std::int64_t>();
  const auto start = clock::now();
  auto last = on.client.submit(increment_task, std::int64_t{0});
  for (std::int64_t i = 1; i < n; ++i)
    last = on.client.submit(increment_task, last);
  expect(last.get() == n, "chain");
  const double total = seconds_since(start);
  return {{"total_s", total}, {"us_per_hop", total * 1e6 / static_cast<double>(n)}};
}

metrics tree(stage& on, const nlohmann::json& params) {
  const auto leaves = params.at("leaves").get<std::int64_t>();
  const auto start = clock::now();
  auto level =
      on.client.map(increment_task, std::vector<std::int64_t>(static_cast<std::size_t>(leaves), 0));
  while (level.size() > 1) {
    std::vector<troupe::future<std::int64_t>> next;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2)
      next.push_back(on.client.submit(add_task, level[i], level[i + 1]));
    if (level.size() % 2) next.push_back(level.back());
    level = std::move(next);
  }
  expect(level[0].get() == leaves, "tree");
  const double total = seconds_since(start);
  return {{"total_s", total}, {"tasks_per_s", static_cast<double>(2 * leaves - 1) / total}};
}

/// CPU seconds of this process and of its children that still live.
double cpu_seconds() {
  double ticks = 0;
  const auto add_process = [&](const std::string& pid) {
    std::ifstream in("/proc/" + pid + "/stat");
    std::string text;
    std::getline(in, text);
    // The name in parentheses may hold spaces; utime and stime are fields 14 and 15.
    std::istringstream fields(text.substr(std::min(text.rfind(')') + 2, text.size())));
    std::string skip;
    for (int i = 3; i < 14; ++i)
      fields >> skip;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    ticks += user + system;
  };
  add_process("self");
  const auto self = std::to_string(getpid());
  std::ifstream children("/proc/self/task/" + self + "/children");
  for (std::string pid; children >> pid;)
    add_process(pid);
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

metrics idle_cpu(stage&, const nlohmann::json& params) {
  const auto seconds = params.at("seconds").get<double>();
  const double before = cpu_seconds();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  return {{"cpu_pct_total", 100 * (cpu_seconds() - before) / seconds}};
}

}  // namespace

const std::map<std::string, scenario>& scenarios() {
  static const std::map<std::string, scenario> all{
      {"map_noop", map_noop},  {"map_grain", map_grain}, {"roundtrip", roundtrip}, {"chain", chain},
      {"chain_submit", chain}, {"tree", tree},           {"idle_cpu", idle_cpu},
  };
  return all;
}

void register_tasks(troupe::task_registry& tasks) {
  tasks.add(noop_task);
  tasks.add(increment_task);
  tasks.add(add_task);
  tasks.add(grain_task);
}

}  // namespace bench
