// Tasks that need each other.
#include <algorithm>

#include "bench/graphs.hpp"
#include "bench/scenarios.hpp"
#include "bench/tasks.hpp"

namespace bench {

namespace {

using value_future = troupe::future<std::uint64_t>;

value_future submit_node(const troupe::client& client, const std::vector<value_future>& all,
                         std::span<const std::uint32_t> inputs) {
  switch (inputs.size()) {
    case 0:
      return client.submit<&one>();
    case 1:
      return client.submit<&of_one>(all[inputs[0]]);
    case 2:
      return client.submit<&of_two>(all[inputs[0]], all[inputs[1]]);
    case 3:
      return client.submit<&of_three>(all[inputs[0]], all[inputs[1]], all[inputs[2]]);
    default:
      break;
  }
  std::vector<value_future> many;
  many.reserve(inputs.size());
  for (const auto i : inputs)
    many.push_back(all[i]);
  return client.submit<&of_many>(many);
}

/// From the first submission until the values of all sinks are here.
measurement run_graph(const setup& how, const graph& g) {
  const auto expected = g.values();
  const auto sinks = g.sinks();
  const stage on(how, usual_workers);
  const meter m(on.who());
  std::vector<value_future> all;
  all.reserve(g.size());
  for (std::uint32_t i = 0; i < g.size(); ++i)
    all.push_back(submit_node(on.client(), all, g.inputs(i)));
  std::vector<value_future> wanted;
  for (const auto i : sinks)
    wanted.push_back(all[i]);
  all.clear();  // As a program would: what nobody asks for need not be kept.
  const auto values = on.client().gather(wanted);
  auto found = m.stop(g.size());
  for (std::size_t k = 0; k < sinks.size(); ++k)
    expect(values[k] == expected[sinks[k]], "task " + std::to_string(sinks[k]));
  found.values["us_per_task"] = found.values["total_s"] * 1e6 / g.size();
  return found;
}

measurement chain(const setup& how, const parameters& p) {
  auto found = run_graph(how, make_graph("chain", p));
  found.values["us_per_hop"] = found.values["us_per_task"];
  return found;
}

template <const char* Name>
measurement named(const setup& how, const parameters& p) {
  return run_graph(how, make_graph(Name, p));
}

/// As a loop that knows only its last future.
measurement chain_submit(const setup& how, const parameters& p) {
  const auto n = integer(p, "n");
  const stage on(how, usual_workers);
  const meter m(on.who());
  auto last = on.client().submit(increment_task, std::int64_t{0});
  for (std::int64_t i = 1; i < n; ++i)
    last = on.client().submit(increment_task, last);
  expect(last.get() == n, "the end of the chain");
  auto found = m.stop(static_cast<double>(n));
  found.values["us_per_hop"] = found.values["total_s"] * 1e6 / static_cast<double>(n);
  return found;
}

/// `parts` splits into as many pieces, parts² picks of one piece each, `parts` joins.
measurement shuffle(const setup& how, const parameters& p) {
  const auto parts = integer(p, "parts");
  const auto size = integer(p, "bytes");
  const auto tasks = parts * parts + 2 * parts;
  const stage on(how, usual_workers);
  const meter m(on.who());
  const auto splits = on.client().map<&split>(numbers(parts), parts, size);
  std::vector<std::vector<troupe::future<troupe::bytes>>> columns(static_cast<std::size_t>(parts));
  for (const auto& one : splits)
    for (std::int64_t j = 0; j < parts; ++j)
      columns[static_cast<std::size_t>(j)].push_back(on.client().submit<&pick>(one, j));
  std::vector<troupe::future<std::int64_t>> joins;
  for (std::int64_t j = 0; j < parts; ++j)
    joins.push_back(on.client().submit<&join>(j, columns[static_cast<std::size_t>(j)]));
  columns.clear();
  const auto sums = on.client().gather(joins);
  auto found = m.stop(static_cast<double>(tasks));
  expect(sums == std::vector<std::int64_t>(sums.size(), parts * size), "bytes of a join");
  found.values["MB_per_s"] =
      static_cast<double>(parts * parts * size) * 1e-6 / found.values["total_s"];
  return found;
}

constexpr char tree_name[] = "tree";
constexpr char merge_name[] = "merge";
constexpr char stencil_name[] = "stencil";
constexpr char random_name[] = "randomdag";

}  // namespace

void add_flows(std::map<std::string, scenario>& all) {
  all["chain"] = {chain};
  all["chain_submit"] = {chain_submit};
  all["tree"] = {named<tree_name>};
  all["merge"] = {named<merge_name>};
  all["stencil"] = {named<stencil_name>};
  all["randomdag"] = {named<random_name>};
  all["shuffle"] = {shuffle};
}

}  // namespace bench
