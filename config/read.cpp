#include "config/read.hpp"

#include <charconv>
#include <cmath>
#include <limits>

#include "config/nearest.hpp"
#include "config/toml.hpp"
#include "config/toml_scan.hpp"
#include "config/units.hpp"

namespace troupe {

namespace {

const std::string* text_in(const setting& from) {
  return std::get_if<std::string>(&from.value);
}

const std::string* loose_text(const setting& from) {
  return from.loose ? text_in(from) : nullptr;
}

template <class T>
bool whole_text(const std::string& text, T& to) {
  T read{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), read);
  if (code != std::errc{} || end != text.data() + text.size() || text.empty()) return false;
  to = read;
  return true;
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  if (trimmed(text).empty()) return parts;
  for (std::size_t from = 0;;) {
    const auto comma = text.find(',', from);
    parts.push_back(trimmed(std::string_view(text).substr(from, comma - from)));
    if (comma == std::string::npos) return parts;
    from = comma + 1;
  }
}

/// Loose text as a table of loose texts: "gpu=2,disk=1".
std::optional<setting> loose_table(const std::string& text) {
  if (trimmed(text).starts_with('{')) return read_toml_value(text);
  setting::table keys;
  for (const auto& part : split(text)) {
    const auto equals = part.find('=');
    if (equals == std::string::npos) return std::nullopt;
    setting value{trimmed(part.substr(equals + 1))};
    value.loose = true;
    keys[trimmed(part.substr(0, equals))] = std::move(value);
  }
  return setting{std::move(keys)};
}

template <class T>
std::optional<misread> read_table(const setting& from, std::map<std::string, T>& to) {
  std::optional<setting> parsed;
  if (const auto* text = loose_text(from)) parsed = loose_table(*text);
  const auto* keys = std::get_if<setting::table>(parsed ? &parsed->value : &from.value);
  if (!keys) return misread{};
  std::map<std::string, T> read;
  for (const auto& [key, value] : *keys) {
    if (key.empty()) return misread{"a name in it is empty"};
    if (read_value(value, read[key])) return misread{key + " is " + found_words(value)};
  }
  to = std::move(read);
  return std::nullopt;
}

std::string between(const std::string& least, const std::string& most) {
  return " from " + least + " to " + most;
}

std::string cut(const std::string& text) {
  constexpr std::size_t shown = 60;
  if (text.size() <= shown) return text;
  // Not in the middle of a letter.
  return text.substr(0, utf8_length(std::string_view(text).substr(0, shown))) + "…";
}

}  // namespace

std::optional<misread> read_value(const setting& from, bool& to) {
  if (const auto* flag = std::get_if<bool>(&from.value)) {
    to = *flag;
    return std::nullopt;
  }
  const auto* text = loose_text(from);
  if (!text || (*text != "true" && *text != "false" && *text != "1" && *text != "0"))
    return misread{text_in(from) && !from.loose ? "leave out the quotes" : ""};
  to = *text == "true" || *text == "1";
  return std::nullopt;
}

std::optional<misread> read_value(const setting& from, std::int64_t& to) {
  if (const auto* number = std::get_if<std::int64_t>(&from.value)) {
    to = *number;
    return std::nullopt;
  }
  const auto* text = text_in(from);
  std::int64_t read = 0;
  if (!text || !whole_text(*text, read)) return misread{};
  if (!from.loose) return misread{"leave out the quotes"};
  to = read;
  return std::nullopt;
}

std::optional<misread> read_value(const setting& from, double& to) {
  double read = 0;
  const auto* text = text_in(from);
  if (const auto* number = std::get_if<double>(&from.value))
    read = *number;
  else if (const auto* integer = std::get_if<std::int64_t>(&from.value))
    read = static_cast<double>(*integer);
  else if (!text || !whole_text(*text, read))
    return misread{};
  else if (!from.loose)
    return misread{"leave out the quotes"};
  if (!std::isfinite(read)) return misread{};
  to = read;
  return std::nullopt;
}

std::optional<misread> read_value(const setting& from, std::string& to) {
  const auto* text = text_in(from);
  if (!text) {
    const bool scalar = from.value.index() < 3;
    return misread{scalar ? "put it in quotes: " + write_toml(write_toml(from)) : ""};
  }
  to = *text;
  return std::nullopt;
}

std::optional<misread> read_value(const setting& from, std::chrono::nanoseconds& to) {
  const auto* text = text_in(from);
  if (!text) {
    const bool number = from.value.index() == 1 || from.value.index() == 2;
    return misread{number ? "it needs a unit; did you mean \"" + write_toml(from) + "s\"?" : ""};
  }
  const auto read = parse_duration(*text);
  if (!read) return misread{"it " + read.error().message};
  to = *read;
  return std::nullopt;
}

std::optional<misread> read_value(const setting& from, std::uint64_t& to) {
  if (const auto* number = std::get_if<std::int64_t>(&from.value)) {
    if (*number < 0) return misread{"it is negative"};
    to = static_cast<std::uint64_t>(*number);
    return std::nullopt;
  }
  const auto* text = text_in(from);
  if (!text) return misread{};
  const auto read = parse_size(*text);
  if (!read) return misread{"it " + read.error().message};
  to = *read;
  return std::nullopt;
}

std::optional<misread> read_value(const setting& from, std::vector<std::string>& to) {
  std::optional<setting> parsed;
  if (const auto* text = loose_text(from)) {
    if (!trimmed(*text).starts_with('[')) {
      to = split(*text);
      return std::nullopt;
    }
    parsed = read_toml_value(*text);
  }
  const auto& whole = parsed ? *parsed : from;
  const auto* items = std::get_if<setting::list>(&whole.value);
  if (!items) {
    const bool text = text_in(whole) && !whole.loose;
    return misread{text ? "put it in brackets: [" + write_toml(whole) + "]" : ""};
  }
  std::vector<std::string> read(items->size());
  for (std::size_t i = 0; i < items->size(); ++i)
    if (read_value((*items)[i], read[i]))
      return misread{"item " + std::to_string(i + 1) + " is " + found_words((*items)[i])};
  to = std::move(read);
  return std::nullopt;
}

std::optional<misread> read_value(const setting& from, std::map<std::string, std::string>& to) {
  setting texts = from;
  if (auto* keys = std::get_if<setting::table>(&texts.value))
    for (auto& [key, value] : *keys)
      if (value.value.index() < 3) value.value = write_toml(value);
  return read_table(texts, to);
}

std::optional<misread> read_value(const setting& from, std::map<std::string, double>& to) {
  return read_table(from, to);
}

std::string wanted_integer(std::int64_t least, std::int64_t most) {
  if (most == std::numeric_limits<std::int64_t>::max())
    return "a whole number, at least " + std::to_string(least);
  return "a whole number" + between(std::to_string(least), std::to_string(most));
}

std::string wanted_number(double least, double most) {
  const bool from = least > std::numeric_limits<double>::lowest();
  const bool to = most < std::numeric_limits<double>::max();
  const auto words = [](double number) { return write_toml(setting{number}); };
  if (from && to) return "a number" + between(words(least), words(most));
  if (from) return "a number, at least " + words(least);
  return to ? "a number, at most " + words(most) : "a number";
}

std::string wanted_duration(std::chrono::nanoseconds least, std::chrono::nanoseconds most) {
  if (most == std::chrono::nanoseconds::max()) {
    if (least.count() <= 0) return "a duration such as \"90s\" or \"500ms\"";
    return "a duration, at least \"" + format_duration(least) + "\"";
  }
  return "a duration" +
         between('"' + format_duration(least) + '"', '"' + format_duration(most) + '"');
}

std::string wanted_size(std::uint64_t least, std::uint64_t most) {
  if (most == std::numeric_limits<std::uint64_t>::max()) {
    if (least == 0) return "a size such as \"512MiB\" or \"2GB\"";
    return "a size, at least \"" + format_size(least) + "\"";
  }
  return "a size" + between('"' + format_size(least) + '"', '"' + format_size(most) + '"');
}

std::string wanted_choice(const std::vector<std::string>& allowed) {
  std::vector<std::string> quoted;
  for (const auto& word : allowed)
    quoted.push_back(write_toml(word));
  return enumerated(quoted);
}

std::string found_words(const setting& from) {
  return from.value.index() < 4 ? cut(write_toml(from)) : found_kind(from);
}

std::string found_kind(const setting& from) {
  static constexpr const char* names[] = {"true or false", "a whole number", "a number",
                                          "a text",        "a list",         "a table"};
  return names[from.value.index()];
}

bool names_secret(std::string_view key) {
  for (const std::string_view ending : {"password", "secret", "token"})
    if (key.ends_with(ending)) return true;
  return false;
}

std::string prefix(const origin& from) {
  return from.from == origin::kind::program ? std::string() : describe(from) + ": ";
}

}  // namespace troupe
