#include "bench/graphs.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace bench {

namespace {

/// The contract's generator: s = 6364136223846793005 s + 1442695040888963407 mod 2^64; its upper
/// 31 bits are the number.
class generator {
public:
  explicit generator(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return state_ >> 33;
  }

private:
  std::uint64_t state_;
};

using inputs = std::vector<std::uint32_t>;

graph chain(std::uint32_t n) {
  graph g;
  for (std::uint32_t i = 0; i < n; ++i)
    g.add(i ? inputs{i - 1} : inputs{});
  return g;
}

graph tree(std::uint32_t leaves) {
  graph g;
  for (std::uint32_t i = 0; i < leaves; ++i)
    g.add({});
  for (std::uint32_t begin = 0; leaves > 1; leaves /= 2) {
    const auto next = g.size();
    for (std::uint32_t i = 0; i + 1 < leaves; i += 2)
      g.add(inputs{begin + i, begin + i + 1});
    begin = next;
  }
  return g;
}

graph merge(std::uint32_t n) {
  graph g;
  for (std::uint32_t i = 0; i < n; ++i)
    g.add({});
  inputs all(n);
  std::iota(all.begin(), all.end(), 0);
  g.add(all);
  return g;
}

graph stencil(std::uint32_t width, std::uint32_t steps) {
  graph g;
  for (std::uint32_t i = 0; i < width; ++i)
    g.add({});
  for (std::uint32_t t = 1; t < steps; ++t)
    for (std::uint32_t i = 0; i < width; ++i) {
      const auto row = (t - 1) * width;
      g.add(inputs{row + (i + width - 1) % width, row + i, row + (i + 1) % width});
    }
  return g;
}

/// Task i draws `count` times from the `window` tasks before it; what is drawn twice counts once.
graph random_dag(std::uint32_t n, std::uint32_t count, std::uint32_t window, std::uint64_t seed) {
  graph g;
  generator random(seed);
  for (std::uint32_t i = 0; i < n; ++i) {
    const auto first = i > window ? i - window : 0;
    inputs chosen;
    for (std::uint32_t k = 0; k < count && i > 0; ++k) {
      const auto one = first + static_cast<std::uint32_t>(random.next() % (i - first));
      if (std::find(chosen.begin(), chosen.end(), one) == chosen.end()) chosen.push_back(one);
    }
    g.add(chosen);
  }
  return g;
}

/// Columns of the row before step `t` that column `i` needs.
inputs needed(const std::string& pattern, std::uint32_t width, std::uint32_t t, std::uint32_t i,
              generator& random) {
  if (pattern == "trivial") return {};
  if (pattern == "all_to_all") {
    inputs all(width);
    std::iota(all.begin(), all.end(), 0);
    return all;
  }
  if (pattern == "tree") return {t < 32 && (1u << t) < width ? i / 2 : i};
  inputs chosen;
  const auto add = [&](std::int64_t column) {
    if (column >= 0 && column < width) chosen.push_back(static_cast<std::uint32_t>(column));
  };
  if (pattern == "stencil_1d") {
    for (std::int64_t d = -1; d <= 1; ++d)
      add(i + d);
  } else if (pattern == "fft") {
    std::uint32_t levels = 1;
    while ((2u << levels) <= width)
      ++levels;
    const std::int64_t apart = std::int64_t{1} << ((t - 1) % levels);
    for (const std::int64_t d : {-apart, std::int64_t{0}, apart})
      add(i + d);
  } else if (pattern == "random_nearest") {
    for (std::int64_t d = -2; d <= 2; ++d)
      if (random.next() % 2) add(i + d);
  } else {
    throw std::runtime_error("unknown pattern " + pattern);
  }
  return chosen;
}

}  // namespace

std::vector<std::uint32_t> graph::sinks() const {
  std::vector<bool> used(size());
  for (const auto i : inputs_)
    used[i] = true;
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 0; i < size(); ++i)
    if (!used[i]) all.push_back(i);
  return all;
}

std::vector<std::uint64_t> graph::values() const {
  std::vector<std::uint64_t> all;
  all.reserve(size());
  for (std::uint32_t i = 0; i < size(); ++i) {
    std::uint64_t value = 1;
    for (const auto k : inputs(i))
      value += all[k];
    all.push_back(value);
  }
  return all;
}

graph make_graph(const std::string& name, const nlohmann::json& params) {
  const auto number = [&](const char* key) { return params.at(key).get<std::uint32_t>(); };
  if (name == "chain") return chain(number("n"));
  if (name == "tree") return tree(number("leaves"));
  if (name == "merge") return merge(number("n"));
  if (name == "stencil") return stencil(number("width"), number("steps"));
  if (name == "randomdag")
    return random_dag(number("n"), number("deps"), number("window"), number("seed"));
  throw std::runtime_error("unknown graph " + name);
}

graph make_pattern(const std::string& pattern, std::uint32_t width, std::uint32_t steps) {
  graph g;
  generator random(42);
  for (std::uint32_t t = 0; t < steps; ++t)
    for (std::uint32_t i = 0; i < width; ++i) {
      auto columns = t ? needed(pattern, width, t, i, random) : inputs{};
      for (auto& column : columns)
        column += (t - 1) * width;
      g.add(columns);
    }
  return g;
}

}  // namespace bench
