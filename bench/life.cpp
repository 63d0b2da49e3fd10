// A cluster's life: starting, idling, taking in work, losing a worker.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <thread>

#include "bench/scenarios.hpp"
#include "bench/tasks.hpp"

namespace bench {

namespace {

/// What a command writes to its standard output.
std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  if (!pipe) throw std::runtime_error("cannot run " + command);
  std::string all;
  char part[4096];
  while (const auto n = fread(part, 1, sizeof(part), pipe.get()))
    all.append(part, n);
  return all;
}

/// A program of its own, from its start to its first result, on a cluster that it starts.
measurement startup(const setup& how, const parameters&) {
  std::string command = program("bench/troupe_bench") + " --first-result --mode " + how.mode;
  for (const auto& word : how.settings)
    command += " " + word;
  const meter m({});
  const auto out = output_of(command);
  auto found = m.stop();
  // The program tells when it had the result, by the clock that all processes share.
  const auto result_ns = std::strtoll(out.c_str(), nullptr, 10);
  const auto now_ns = std::chrono::nanoseconds(clock::now().time_since_epoch()).count();
  expect(result_ns > 0 && result_ns < now_ns, "the first result of a new program");
  found.values["first_result_s"] =
      found.values["total_s"] - static_cast<double>(now_ns - result_ns) * 1e-9;
  return found;
}

measurement idle_cpu(const setup& how, const parameters& p) {
  const auto seconds = p.at("seconds").get<double>();
  const stage on(how, usual_workers);
  const auto who = on.who();
  // What the warming up left to do is not what is asked for.
  std::this_thread::sleep_for(std::chrono::duration<double>(std::min(seconds, 2.0)));
  const meter m(who);
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  auto found = m.stop();
  double total = 0;
  double largest = 0;
  for (const auto& [role, ids] : who) {
    const double percent = 100 * found.values[role + "_cpu_s"] / seconds;
    found.values[role + "_cpu_pct"] = percent;
    total += percent;
    double rss = 0;
    for (const pid_t id : ids)
      rss = std::max(rss, status_mib(id, "VmRSS"));
    found.values[role + "_rss_mb"] = rss;
    largest = std::max(largest, rss);
  }
  found.values["cpu_pct_total"] = total;
  found.values["rss_mb_max"] = largest;
  return found;
}

std::int64_t queued(const stage& on) {
  const auto text = output_of(program("troupe") + " status --json " + on.address());
  const auto tasks = parameters::parse(text).at("tasks");
  return integer(tasks, "queued") + integer(tasks, "waiting");
}

/// From the first submission to the first result, of n tasks that are submitted meanwhile.
double first_result_s(const setup& how, const std::vector<std::int64_t>& items) {
  // Of its own: elsewhere a million results are still being dropped.
  const stage on(how, usual_workers);
  std::atomic<double> took = 0;
  const auto start = clock::now();
  const auto first = on.client().submit(noop_task, std::int64_t{0});
  first.on_ready([&](const auto&) { took = seconds_since(start); });
  const auto rest = on.client().map(noop_task, items);
  troupe::wait(rest);
  while (took == 0)
    std::this_thread::yield();
  return took;
}

/// n tasks to a scheduler without workers, until it has them all; then workers come.
measurement ingest(const setup& given, const parameters& p) {
  const auto n = integer(p, "n");
  auto how = given;
  // It would give up tasks that no worker knows.
  how.settings.insert(how.settings.end(), {"--set", "scheduler.unknown_task_timeout=1h"});
  stage on(how, 0);
  const auto items = numbers(n);
  const meter m(on.who());
  const auto start = clock::now();
  auto futures = on.client().map(noop_task, items);
  const double submitted = seconds_since(start);
  on.client().summary();  // Answered when all that was sent before is handled.
  const double took = seconds_since(start);
  auto found = m.stop(static_cast<double>(n));
  expect(queued(on) == n, "the scheduler has all tasks");
  found.values["submit_s"] = submitted;
  found.values["ingest_us_per_task"] = took * 1e6 / static_cast<double>(n);
  found.values["client_bytes_per_task"] =
      found.values["client_hwm_growth_mb"] * 1048576 / static_cast<double>(n);
  const auto drain = clock::now();
  on.add_worker();
  on.add_worker();
  troupe::wait(futures);
  found.values["drain_s"] = seconds_since(drain);
  for (const auto& f : futures)
    expect(f.result().has_value(), "a no-op failed");
  futures.clear();
  found.values["first_result_s"] = first_result_s(how, items);
  return found;
}

double rss_mib(const std::vector<pid_t>& ids) {
  double total = 0;
  for (const pid_t id : ids)
    total += status_mib(id, "VmRSS");
  return total;
}

/// No-ops and values come and go; nothing may stay. `<role>_growth_mb` is from a quarter of the
/// time, when everything has been done many times, to the end.
measurement soak(const setup& how, const parameters& p) {
  const auto seconds = p.at("seconds").get<double>();
  const auto size = integer(p, "bytes");
  const auto items = numbers(integer(p, "n"));
  const stage on(how, usual_workers);
  const auto who = on.who();
  std::map<std::string, double> early;
  double rounds = 0;
  const meter m(who);
  for (const auto start = clock::now(); seconds_since(start) < seconds; ++rounds) {
    troupe::wait(on.client().map(noop_task, items));
    const auto made = on.client().submit<&blob>(size, std::int64_t{1});
    const auto given = on.client().scatter(blob(size, 2));
    expect(on.client().submit<&foreign>(made, given, size).get() >= 1, "values that come and go");
    expect(made.get().size() == static_cast<std::size_t>(size), "a value that comes and goes");
    if (early.empty() && seconds_since(start) > seconds / 4)
      for (const auto& [role, ids] : who)
        early[role] = rss_mib(ids);
  }
  auto found = m.stop();
  found.values["rounds"] = rounds;
  for (const auto& [role, ids] : who)
    found.values[role + "_growth_mb"] = rss_mib(ids) - early[role];
  return found;
}

double sleep_all(const setup& how, const parameters& p, double kill_after_s) {
  const auto n = integer(p, "n");
  const stage on(how, static_cast<std::uint32_t>(integer(p, "workers")));
  const auto staff = on.workers();
  const auto items = numbers(n);
  std::thread killer;
  const auto start = clock::now();
  const auto futures = on.client().map(doze_task, items, integer(p, "ms"));
  if (kill_after_s > 0)
    killer = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::duration<double>(kill_after_s));
      kill(*staff.rbegin(), SIGKILL);
    });
  troupe::wait(futures);
  const double took = seconds_since(start);
  if (killer.joinable()) killer.join();
  expect(on.client().gather(futures) == items, "a sleeping task");
  return took;
}

/// `lost_s` is what the death costs, `beyond_s` what it costs if nobody replaces the worker, beyond
/// the worker's share of what was left to do.
measurement worker_death(const setup& how, const parameters& p) {
  const double base = sleep_all(how, p, 0);
  const auto workers = p.at("workers").get<double>();
  const meter m({});
  const double killed = sleep_all(how, p, base / 2);
  auto found = m.stop();
  found.values["base_s"] = base;
  found.values["kill_s"] = killed;
  found.values["lost_s"] = killed - base;
  found.values["beyond_s"] = killed - base / 2 * (1 + workers / (workers - 1));
  return found;
}

}  // namespace

void add_life(std::map<std::string, scenario>& all) {
  all["startup"] = {startup};
  all["idle_cpu"] = {idle_cpu};
  all["ingest"] = {ingest, {"sep"}};
  all["soak"] = {soak};
  // A thread cannot be killed. The cluster of mode "processes" replaces a worker that dies.
  all["worker_death"] = {worker_death, {"processes", "sep"}};
}

}  // namespace bench
