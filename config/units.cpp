#include "config/units.hpp"

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace troupe {

namespace {

/// So many of the smallest unit are one of this one.
struct unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array durations{unit{"d", 86'400'000'000'000},
                               unit{"h", 3'600'000'000'000},
                               unit{"min", 60'000'000'000},
                               unit{"m", 60'000'000'000},
                               unit{"s", 1'000'000'000},
                               unit{"ms", 1'000'000},
                               unit{"us", 1'000},
                               unit{"µs", 1'000},
                               unit{"ns", 1}};

constexpr std::array sizes{unit{"TiB", std::uint64_t{1} << 40},
                           unit{"GiB", 1 << 30},
                           unit{"MiB", 1 << 20},
                           unit{"KiB", 1 << 10},
                           unit{"TB", 1'000'000'000'000},
                           unit{"GB", 1'000'000'000},
                           unit{"MB", 1'000'000},
                           unit{"kB", 1'000},
                           unit{"B", 1}};

error wrong(std::string message) {
  return {errc::bad_argument, std::move(message)};
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && blank(text.back()))
    text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

/// A number without sign at the front, exact where it is whole; taken off `text`.
struct amount {
  std::uint64_t whole = 0;
  double fraction = 0;
};

std::optional<amount> take_number(std::string_view& text) {
  amount number;
  const auto whole = std::from_chars(text.data(), text.data() + text.size(), number.whole);
  if (whole.ec != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(whole.ptr - text.data()));
  if (text.empty() || text.front() != '.') return number;
  text.remove_prefix(1);
  double place = 0.1;
  bool any = false;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; place /= 10, any = true) {
    number.fraction += place * (text.front() - '0');
    text.remove_prefix(1);
  }
  if (!any) return std::nullopt;
  return number;
}

std::string_view take_word(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && text[end] != ' ' && text[end] != '.' && text[end] != '-' &&
         (text[end] < '0' || text[end] > '9'))
    ++end;
  const auto word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

/// number × factor, unless that does not fit.
std::optional<std::uint64_t> times(const amount& number, std::uint64_t factor) {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (number.whole > most / factor) return std::nullopt;
  const auto rest =
      static_cast<std::uint64_t>(std::llround(number.fraction * static_cast<double>(factor)));
  const auto whole = number.whole * factor;
  if (rest > most - whole) return std::nullopt;
  return whole + rest;
}

template <std::size_t N>
std::string format(std::uint64_t value, const std::array<unit, N>& units) {
  for (const auto& u : units)
    if (value != 0 && value % u.factor == 0) return std::to_string(value / u.factor).append(u.name);
  return "0";
}

}  // namespace

result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  auto rest = trimmed(text);
  if (rest.empty()) return wrong("is empty");
  if (rest.front() == '-') return wrong("is negative");
  std::uint64_t total = 0;
  while (!rest.empty()) {
    const auto number = take_number(rest);
    if (!number) return wrong("is not a number with a unit");
    rest = trimmed(rest);
    const auto word = take_word(rest);
    if (word.empty())
      return wrong("has no unit; did you mean \"" + std::string(trimmed(text)) + "s\"?");
    const unit* found = nullptr;
    for (const auto& u : durations)
      if (u.name == word) found = &u;
    if (!found)
      return wrong("has the unknown unit '" + std::string(word) +
                   "'; there are ns, us, ms, s, m, h, d");
    const auto part = times(*number, found->factor);
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (!part || *part > most - total) return wrong("is longer than 292 years");
    total += *part;
    rest = trimmed(rest);
  }
  return std::chrono::nanoseconds(static_cast<std::int64_t>(total));
}

result<std::uint64_t> parse_size(std::string_view text) {
  auto rest = trimmed(text);
  if (rest.empty()) return wrong("is empty");
  if (rest.front() == '-') return wrong("is negative");
  const auto number = take_number(rest);
  if (!number) return wrong("is not a number of bytes");
  rest = trimmed(rest);
  if (rest.empty()) {
    if (number->fraction != 0) return wrong("is not a whole number of bytes");
    return number->whole;
  }
  for (const auto& u : sizes)
    if (lower(u.name) == lower(rest)) {
      if (const auto bytes = times(*number, u.factor)) return *bytes;
      return wrong("is more than 8 EiB");
    }
  // Half the world takes "2G" for 1024³ and half for 1000³.
  if (rest.size() == 1 && std::string_view("kmgt").find(lower(rest)) != std::string_view::npos) {
    const auto given = std::string(trimmed(text));
    const auto upper = given.substr(0, given.size() - 1) +
                       static_cast<char>(std::toupper(static_cast<unsigned char>(given.back())));
    return wrong("can be read in two ways; write \"" + upper + "iB\" (1024s) or \"" + upper +
                 "B\" (1000s)");
  }
  return wrong("has the unknown unit '" + std::string(rest) +
               "'; there are B, kB, MB, GB, TB and KiB, MiB, GiB, TiB");
}

std::string format_duration(std::chrono::nanoseconds value) {
  if (value.count() <= 0) return "0s";
  // From hours down: "d" and "min" are understood, but rarely what people write.
  static constexpr std::array written{durations[1], durations[3], durations[4],
                                      durations[5], durations[6], durations[8]};
  return format(static_cast<std::uint64_t>(value.count()), written);
}

std::string format_size(std::uint64_t value) {
  return value == 0 ? "0B" : format(value, sizes);
}

}  // namespace troupe
