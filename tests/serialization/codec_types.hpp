#pragma once

#include <array>
#include <chrono>
#include <complex>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <troupe/codec.hpp>

namespace codec_types {

enum class color : std::uint8_t { red, green, blue };

struct point {
  double x = 0;
  double y = 0;

  friend bool operator==(const point&, const point&) = default;
};

struct empty {
  friend bool operator==(empty, empty) = default;
};

struct tree {
  int label = 0;
  std::vector<tree> branches = {};

  friend bool operator==(const tree&, const tree&) = default;
};

/// One of everything, nested.
struct everything {
  bool yes = true;
  char letter = 'x';
  std::int16_t small = -2;
  color paint = color::blue;
  std::string text = "";
  troupe::bytes raw = {};
  std::vector<double> numbers = {};
  std::array<std::array<float, 3>, 2> grid = {};
  std::map<std::string, std::vector<point>> named = {};
  std::optional<std::variant<int, std::string, std::vector<bool>>> maybe = {};
  std::tuple<int, std::pair<color, std::string>, std::tuple<>> several = {};
  std::chrono::milliseconds lasted{};
  std::chrono::system_clock::time_point when{};
  std::complex<double> wave = {};
  tree root = {};
  std::set<std::string> words = {};

  friend bool operator==(const everything&, const everything&) = default;
};

inline everything sample() {
  everything e;
  e.text = "words, and a \0 zero";
  e.raw = troupe::bytes::copy("raw bytes");
  e.numbers = {1.5, -2.5, 1e300};
  e.grid = {{{1, 2, 3}, {4, 5, 6}}};
  e.named = {{"line", {{0, 1}, {2, 3}}}, {"nothing", {}}};
  e.maybe = std::vector<bool>{true, false, true};
  e.several = {7, {color::green, "pair"}, {}};
  e.lasted = std::chrono::milliseconds(250);
  e.when = std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000));
  e.wave = {1, -1};
  e.root = {1, {{2, {{3}}}, {4}}};
  e.words = {"a", "b"};
  return e;
}

}  // namespace codec_types
