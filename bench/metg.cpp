// METG(50 %), after Task Bench: the smallest task with which workers still spend half of their time
// in tasks.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "bench/graphs.hpp"
#include "bench/scenarios.hpp"
#include "bench/tasks.hpp"

namespace bench {

namespace {

constexpr double finest_us = 0.5;

using value_future = troupe::future<std::uint64_t>;

/// One graph with tasks of one size, and how long it took.
double run_seconds(const stage& on, const graph& g, std::uint64_t rounds) {
  const auto expected = g.values();
  const auto start = clock::now();
  std::vector<value_future> all;
  all.reserve(g.size());
  for (std::uint32_t i = 0; i < g.size(); ++i) {
    if (g.inputs(i).empty()) {
      all.push_back(on.client().submit<&work>(rounds));
      continue;
    }
    std::vector<value_future> inputs;
    for (const auto k : g.inputs(i))
      inputs.push_back(all[k]);
    all.push_back(on.client().submit<&work_after>(rounds, inputs));
  }
  std::vector<value_future> wanted;
  const auto sinks = g.sinks();
  for (const auto i : sinks)
    wanted.push_back(all[i]);
  all.clear();
  const auto values = on.client().gather(wanted);
  const double took = seconds_since(start);
  for (std::size_t k = 0; k < sinks.size(); ++k)
    expect(values[k] == expected[sinks[k]], "task " + std::to_string(sinks[k]));
  return took;
}

/// {pattern, width, seconds, coarsest_us}: for each size tried, tasks for about so many seconds.
measurement metg(const setup& how, const parameters& p) {
  const auto pattern = p.at("pattern").get<std::string>();
  const auto width = p.at("width").get<std::uint32_t>();
  const double per_us = rounds_per_us();
  const stage on(how, usual_workers);
  const auto efficiency = [&](double us) {
    const double tasks = p.at("seconds").get<double>() * 1e6 * usual_workers / us;
    const auto steps = static_cast<std::uint32_t>(std::clamp(tasks / width, 8.0, 4000.0));
    const auto g = make_pattern(pattern, width, steps);
    const auto rounds = static_cast<std::uint64_t>(std::max(1.0, us * per_us));
    return g.size() * us * 1e-6 / usual_workers / run_seconds(on, g, rounds);
  };
  const meter m(on.who());
  const double coarsest_us = p.at("coarsest_us").get<double>();
  double low = finest_us;
  double high = finest_us * 16;
  for (; high < coarsest_us && efficiency(high) < 0.5; high = std::min(high * 16, coarsest_us))
    low = high;
  while (high / low > 1.1) {
    const double middle = std::sqrt(low * high);
    (efficiency(middle) >= 0.5 ? high : low) = middle;
  }
  auto found = m.stop();
  found.values["metg_us"] = high;
  return found;
}

}  // namespace

void add_metg(std::map<std::string, scenario>& all) {
  all["metg"] = {metg};
}

}  // namespace bench
