// Independent tasks, and one after the other.
#include <algorithm>
#include <stdexcept>

#include "bench/scenarios.hpp"
#include "bench/tasks.hpp"

namespace bench {

namespace {

measurement map_noop(const setup& how, const parameters& p) {
  const auto n = integer(p, "n");
  const stage on(how, usual_workers);
  const auto items = numbers(n);
  const meter m(on.who());
  const auto start = clock::now();
  auto futures = on.client().map(noop_task, items);
  const double submitted = seconds_since(start);
  troupe::wait(futures);
  auto found = m.stop(static_cast<double>(n));
  found.values["submit_s"] = submitted;
  for (const auto& f : futures)
    expect(f.result().has_value(), "a no-op failed");
  return found;
}

measurement map_grain(const setup& how, const parameters& p) {
  const auto n = integer(p, "n");
  const auto us = integer(p, "us");
  const stage on(how, usual_workers);
  const auto items = numbers(n);
  const meter m(on.who());
  auto futures = on.client().map(busy_task, items, us);
  troupe::wait(futures);
  auto found = m.stop(static_cast<double>(n));
  found.values["efficiency"] =
      static_cast<double>(n * us) * 1e-6 / usual_workers / found.values["total_s"];
  expect(on.client().gather(futures) == items, "a busy task");
  return found;
}

measurement roundtrip(const setup& how, const parameters& p) {
  const auto n = integer(p, "n");
  const stage on(how, usual_workers);
  std::vector<double> times;
  const meter m(on.who());
  for (std::int64_t i = 0; i < n; ++i) {
    const auto start = clock::now();
    expect(on.client().submit(increment_task, i).get() == i + 1, "increment");
    times.push_back(seconds_since(start) * 1e6);
  }
  auto found = m.stop(static_cast<double>(n));
  add_percentiles(found.values, std::move(times));
  return found;
}

}  // namespace

void expect(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error("wrong answer: " + what);
}

void add_percentiles(metrics& to, std::vector<double> times_us, const std::string& prefix) {
  if (times_us.empty()) throw std::runtime_error("nothing was timed");
  std::sort(times_us.begin(), times_us.end());
  to[prefix + "p50_us"] = times_us[times_us.size() / 2];
  to[prefix + "p99_us"] = times_us[times_us.size() * 99 / 100];
  to[prefix + "max_us"] = times_us.back();
}

void add_maps(std::map<std::string, scenario>& all) {
  all["map_noop"] = {map_noop};
  all["map_grain"] = {map_grain};
  all["roundtrip"] = {roundtrip};
}

}  // namespace bench
