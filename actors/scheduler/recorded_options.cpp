#include "actors/scheduler/recorded_options.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <type_traits>

#include "config/hex.hpp"
#include "config/keys.hpp"

namespace troupe {

namespace {

std::string to_text(const std::string& value) {
  return value;
}

std::string to_text(std::chrono::nanoseconds value) {
  return std::to_string(value.count());
}

template <class Number>
requires std::is_arithmetic_v<Number> std::string to_text(Number value) {
  return std::to_string(value);
}

bool from_text(const std::string& text, std::string& to) {
  to = text;
  return true;
}

template <class Number>
requires std::is_arithmetic_v<Number>
bool from_text(const std::string& text, Number& to) {
  return std::from_chars(text.data(), text.data() + text.size(), to).ec == std::errc{};
}

bool from_text(const std::string& text, bool& to) {
  to = text == "1";
  return true;
}

bool from_text(const std::string& text, std::chrono::nanoseconds& to) {
  std::int64_t count = 0;
  if (!from_text(text, count)) return false;
  to = std::chrono::nanoseconds(count);
  return true;
}

/// `f(key, value)` for each key of the section.
template <class Config, class F>
void each_scheduler_key(Config& all, F f) {
  visit_keys(all,
             [&](const std::string& section, const std::string& key, auto& value, const rule&) {
               if constexpr (requires { to_text(value); })
                 if (section == "scheduler") f(key, value);
             });
}

uuid from_hex(const std::string& text) {
  uuid to{};
  for (std::size_t i = 0; i < to.size() && 2 * i + 1 < text.size(); ++i)
    std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, to[i], 16);
  return to;
}

}  // namespace

bytes to_bytes(const recorded_scheduler& from) {
  config all;
  all.scheduler = from.options;
  std::string text = "name=" + from.name + "\nsession=" + hex(from.session) + "\n";
  each_scheduler_key(all, [&text](const std::string& key, const auto& value) {
    text += key + "=" + to_text(value) + "\n";
  });
  return bytes::copy(text);
}

result<recorded_scheduler> to_recorded_scheduler(const bytes& from) {
  std::map<std::string, std::string> lines;
  const std::string text(from.text());
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto equals = text.find('=', at);
    if (equals < end)
      lines[text.substr(at, equals - at)] = text.substr(equals + 1, end - equals - 1);
    at = end + 1;
  }
  recorded_scheduler to;
  to.name = lines["name"];
  to.session = from_hex(lines["session"]);
  config all;
  std::string bad;
  each_scheduler_key(all, [&](const std::string& key, auto& value) {
    if (const auto line = lines.find(key); line != lines.end() && !from_text(line->second, value))
      bad = key;
  });
  if (!bad.empty()) return error{errc::bad_bytes, "the option " + bad + " cannot be read"};
  to.options = all.scheduler;
  return to;
}

}  // namespace troupe
