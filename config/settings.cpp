#include <algorithm>
#include <optional>

#include <troupe/settings.hpp>

#include "config/nearest.hpp"
#include "config/read.hpp"

namespace troupe {

std::string describe(const origin& from) {
  switch (from.from) {
    case origin::kind::program:
      return "program";
    case origin::kind::environment:
      return "environment " + from.name;
    case origin::kind::command_line:
      return from.name.empty() ? "command line" : from.name;
    case origin::kind::file:
      break;
  }
  if (from.line == 0) return from.name;
  return from.name + ":" + std::to_string(from.line) + ":" + std::to_string(from.column);
}

const setting* settings::find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  const auto at = keys_.find(key);
  return at == keys_.end() ? nullptr : &at->second;
}

std::string settings::full_name(std::string_view key) const {
  return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
}

template <class T, class Fits>
T settings::take(std::string_view key, T otherwise, const std::string& wanted, Fits fits) {
  const setting* from = find(key);
  if (!from) return otherwise;
  T read{};
  const auto wrong = read_value(*from, read);
  if (!wrong && fits(read)) return read;
  auto problem = "must be " + wanted + ", found " +
                 (names_secret(key) ? found_kind(*from) : found_words(*from));
  if (wrong && !wrong->hint.empty() && !names_secret(key)) problem += "; " + wrong->hint;
  problems_.push_back(prefix(from->at) + full_name(key) + " " + problem);
  return otherwise;
}

std::string settings::text(std::string_view key, std::string otherwise) {
  return take(key, std::move(otherwise), "a text", [](const std::string&) { return true; });
}

std::string settings::choice(std::string_view key, std::string otherwise,
                             const std::vector<std::string>& allowed) {
  return take(key, std::move(otherwise), wanted_choice(allowed), [&](const std::string& read) {
    return std::find(allowed.begin(), allowed.end(), read) != allowed.end();
  });
}

bool settings::flag(std::string_view key, bool otherwise) {
  return take(key, otherwise, "true or false", [](bool) { return true; });
}

std::int64_t settings::integer(std::string_view key, std::int64_t otherwise, std::int64_t least,
                               std::int64_t most) {
  return take(key, otherwise, wanted_integer(least, most),
              [=](std::int64_t read) { return read >= least && read <= most; });
}

double settings::number(std::string_view key, double otherwise, double least, double most) {
  return take(key, otherwise, wanted_number(least, most),
              [=](double read) { return read >= least && read <= most; });
}

std::chrono::nanoseconds settings::duration(std::string_view key,
                                            std::chrono::nanoseconds otherwise,
                                            std::chrono::nanoseconds least,
                                            std::chrono::nanoseconds most) {
  return take(key, otherwise, wanted_duration(least, most),
              [=](std::chrono::nanoseconds read) { return read >= least && read <= most; });
}

std::uint64_t settings::size(std::string_view key, std::uint64_t otherwise, std::uint64_t least,
                             std::uint64_t most) {
  return take(key, otherwise, wanted_size(least, most),
              [=](std::uint64_t read) { return read >= least && read <= most; });
}

std::vector<std::string> settings::texts(std::string_view key, std::vector<std::string> otherwise) {
  return take(key, std::move(otherwise), "a list of texts, as in [\"a\", \"b\"]",
              [](const auto&) { return true; });
}

std::map<std::string, std::string> settings::text_table(std::string_view key) {
  return take(key, std::map<std::string, std::string>(),
              "a table of texts, as in { team = \"risk\" }", [](const auto&) { return true; });
}

std::map<std::string, double> settings::number_table(std::string_view key) {
  return take(key, std::map<std::string, double>(), "a table of numbers, as in { gpu = 2 }",
              [](const auto&) { return true; });
}

void settings::refuse(std::string_view key, const std::string& problem) {
  const setting* from = find(key);
  problems_.push_back((from ? prefix(from->at) : std::string()) + full_name(key) + " " + problem);
}

result<void> settings::leftovers() const {
  std::string lines;
  const auto add = [&lines](const std::string& line) {
    if (!lines.empty()) lines += '\n';
    lines += line;
  };
  for (const auto& problem : problems_)
    add(problem);
  for (const auto& [key, value] : keys_) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    auto advice = did_you_mean(key, known_);
    if (advice.empty() && !known_.empty()) advice = "; there is " + enumerated(known_);
    add(prefix(value.key_at) + "unknown key " + full_name(key) + advice);
  }
  if (lines.empty()) return {};
  return error{errc::bad_config, lines};
}

}  // namespace troupe
