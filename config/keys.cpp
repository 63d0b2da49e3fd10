#include "config/keys.hpp"

#include <algorithm>
#include <cmath>

#include "config/address.hpp"
#include "config/read.hpp"
#include "config/units.hpp"

namespace troupe {

namespace {

bool printable(const std::string& text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_word(const std::string& text) {
  constexpr const char* letters = "abcdefghijklmnopqrstuvwxyz0123456789_-";
  return !text.empty() && text.find_first_not_of(letters) == std::string::npos;
}

bool can_be_listened_on(const std::string& text) {
  const auto full = full_address(text);
  return full && !full->starts_with("local:");
}

constexpr const char* address_words =
    "an address such as \"tcp://127.0.0.1:8786\" or \"unix:///run/troupe.sock\"";

}  // namespace

rule count_from(std::uint32_t least, std::uint32_t most) {
  return {.least = least, .most = most};
}

rule bytes_from(std::uint64_t least, std::uint64_t most) {
  return {.least = least, .most = most};
}

rule time_from(std::chrono::nanoseconds least, std::chrono::nanoseconds most) {
  return {.least = static_cast<std::uint64_t>(least.count()),
          .most = static_cast<std::uint64_t>(most.count())};
}

rule one_of(std::vector<std::string> allowed) {
  return {.allowed = std::move(allowed)};
}

rule or_zero(rule r) {
  r.or_zero = true;
  return r;
}

rule any() {
  return {};
}

rule one_word() {
  return {.fits = is_word, .wanted = "a name of lower-case letters, digits, _ and -"};
}

rule group_name() {
  // "scheduler" is what the jobs of schedulers are called by.
  return {.fits =
              [](const std::string& text) {
                return text.size() <= 32 && is_word(text) && text.front() >= 'a' &&
                       text.find('-') == std::string::npos && text != "scheduler";
              },
          .wanted =
              "a name of lower-case letters, digits and _ that begins with a letter, and not "
              "\"scheduler\""};
}

rule word_or_empty() {
  return {.fits = [](const std::string& text) { return text.empty() || is_word(text); },
          .wanted = "a name of lower-case letters, digits, _ and -, or nothing"};
}

rule one_line() {
  return {.fits = printable, .wanted = "a text in one line, without control characters"};
}

rule filled_items() {
  return {.fits = [](const std::string& text) { return !text.empty() && printable(text); },
          .wanted = "a list of texts that are not empty, as in [\"a\", \"b\"]"};
}

rule address() {
  return {.fits = can_be_listened_on, .wanted = address_words};
}

rule address_or_empty() {
  return {.fits = [](const std::string& text) { return text.empty() || can_be_listened_on(text); },
          .wanted = address_words};
}

rule secret_text() {
  // "(set)" is what `troupe config show` prints in its place.
  return {.fits = [](const std::string& text) { return printable(text) && text != "(set)"; },
          .wanted = "a text in one line (and not \"(set)\", which only stands for it)",
          .secret = true};
}

bool fits(const rule&, bool) {
  return true;
}

bool fits(const rule& r, std::uint32_t value) {
  return fits(r, std::uint64_t{value});
}

bool fits(const rule& r, std::uint64_t value) {
  return (value >= r.least && value <= r.most) || (value == 0 && r.or_zero);
}

bool fits(const rule& r, std::chrono::nanoseconds value) {
  return value.count() >= 0 && fits(r, static_cast<std::uint64_t>(value.count()));
}

bool fits(const rule&, double value) {
  return value >= 0 && value <= 1;
}

bool fits(const rule& r, const std::string& value) {
  if (!r.allowed.empty())
    return std::find(r.allowed.begin(), r.allowed.end(), value) != r.allowed.end();
  return !r.fits || r.fits(value);
}

bool fits(const rule& r, const std::vector<std::string>& value) {
  return std::all_of(value.begin(), value.end(), [&r](const auto& item) { return fits(r, item); });
}

bool fits(const rule&, const std::map<std::string, double>& value) {
  return std::all_of(value.begin(), value.end(), [](const auto& item) {
    return !item.first.empty() && item.second >= 0 && std::isfinite(item.second);
  });
}

std::string wanted(const rule&, bool) {
  return "true or false";
}

std::string wanted(const rule& r, std::uint32_t) {
  return wanted_integer(static_cast<std::int64_t>(r.least), static_cast<std::int64_t>(r.most));
}

std::string wanted(const rule& r, std::uint64_t) {
  return wanted_size(r.least, r.most) + (r.or_zero ? " (or 0)" : "");
}

std::string wanted(const rule& r, std::chrono::nanoseconds) {
  return wanted_duration(std::chrono::nanoseconds(static_cast<std::int64_t>(r.least)),
                         std::chrono::nanoseconds(static_cast<std::int64_t>(r.most)));
}

std::string wanted(const rule&, double) {
  return wanted_number(0, 1);
}

std::string wanted(const rule& r, const std::string&) {
  if (!r.allowed.empty()) return wanted_choice(r.allowed);
  return r.wanted ? r.wanted : "a text";
}

std::string wanted(const rule& r, const std::vector<std::string>&) {
  return r.wanted ? r.wanted : "a list of texts";
}

std::string wanted(const rule&, const std::map<std::string, double>&) {
  return "a table of numbers that are not negative, as in { gpu = 2 }";
}

setting written(bool value) {
  return {value};
}

setting written(std::uint32_t value) {
  return {std::int64_t{value}};
}

setting written(std::uint64_t value) {
  return {format_size(value)};
}

setting written(std::chrono::nanoseconds value) {
  return {format_duration(value)};
}

setting written(double value) {
  return {value};
}

setting written(const std::string& value) {
  return {value};
}

setting written(const std::vector<std::string>& value) {
  setting::list items;
  for (const auto& item : value)
    items.push_back({item});
  return {std::move(items)};
}

setting written(const std::map<std::string, double>& value) {
  setting::table keys;
  for (const auto& [key, number] : value) {
    const bool whole = std::abs(number) < 1e15 && number == std::floor(number);
    keys[key] = whole ? setting{static_cast<std::int64_t>(number)} : setting{number};
  }
  return {std::move(keys)};
}

}  // namespace troupe
