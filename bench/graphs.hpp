#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

namespace bench {

/// Tasks in an order in which inputs come first. The value of a task is 1 + the sum of its inputs'
/// values (mod 2^64), so every system must arrive at the same values.
class graph {
public:
  void add(std::span<const std::uint32_t> inputs) {
    inputs_.insert(inputs_.end(), inputs.begin(), inputs.end());
    ends_.push_back(inputs_.size());
  }

  std::uint32_t size() const { return static_cast<std::uint32_t>(ends_.size()); }

  std::span<const std::uint32_t> inputs(std::uint32_t task) const {
    const std::size_t begin = task ? ends_[task - 1] : 0;
    return {inputs_.data() + begin, ends_[task] - begin};
  }

  /// Tasks that are nobody's input.
  std::vector<std::uint32_t> sinks() const;

  /// The values of all tasks, computed here.
  std::vector<std::uint64_t> values() const;

private:
  std::vector<std::size_t> ends_;
  std::vector<std::uint32_t> inputs_;
};

/// By the contract's names: chain {n}, tree {leaves}, merge {n}, stencil {width, steps}, randomdag
/// {n, deps, window, seed}.
graph make_graph(const std::string& name, const nlohmann::json& params);

/// After Task Bench: `steps` rows of `width` tasks, each with inputs in the row before it:
///   trivial         none
///   stencil_1d      i - 1, i, i + 1, where there are such
///   fft             i, and i +- 2^k, where k counts the steps, mod log2(width)
///   tree            i / 2 while the tree fans out (2^step < width), then i
///   all_to_all      all
///   random_nearest  of i - 2 … i + 2 each with probability 1/2, by the generator of randomdag
graph make_pattern(const std::string& pattern, std::uint32_t width, std::uint32_t steps);

}  // namespace bench
