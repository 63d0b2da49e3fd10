#include "config/toml.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "config/toml_scan.hpp"

namespace troupe {

/// toml++ took for granted what is not so.
struct toml_confused {};

constexpr void toml_must(bool hold) {
  if (!hold) throw toml_confused();
}

}  // namespace troupe

// toml++ 3.3 asserts what only good input makes true, e.g. after "[$", and without assertions even
// lets the compiler assume it. So assertions are on in all builds, and throw; and the parser of the
// shared library, which has none, is not used.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#undef TOML_HEADER_ONLY
#define TOML_HEADER_ONLY 1
#define TOML_ASSERT(expr) troupe::toml_must(static_cast<bool>(expr))
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace troupe {

namespace {

std::string at(const std::string& name, std::size_t line, std::size_t column) {
  return name + ":" + std::to_string(line) + ":" + std::to_string(column) + ": ";
}

std::pair<std::size_t, std::size_t> place_of(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, offset);
  const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  const auto start = before.rfind('\n');
  return {line, start == std::string_view::npos ? offset + 1 : offset - start};
}

origin origin_of(const toml::source_region& from, const std::string& name) {
  return {origin::kind::file, name, from.begin.line, from.begin.column};
}

/// Recursion is as deep as toml++'s own, which it limits to 256 brackets. Notes where a date is: no
/// key takes one.
setting convert(const toml::node& from, const std::string& name, std::optional<origin>& date) {
  setting to;
  to.at = origin_of(from.source(), name);
  to.key_at = to.at;
  if (const auto* table = from.as_table()) {
    setting::table keys;
    for (const auto& [key, node] : *table) {
      auto value = convert(node, name, date);
      value.key_at = origin_of(key.source(), name);
      keys.emplace(std::string(key.str()), std::move(value));
    }
    to.value = std::move(keys);
  } else if (const auto* array = from.as_array()) {
    setting::list items;
    for (const auto& node : *array)
      items.push_back(convert(node, name, date));
    to.value = std::move(items);
  } else if (const auto* text = from.as_string()) {
    to.value = text->get();
  } else if (const auto* integer = from.as_integer()) {
    to.value = integer->get();
  } else if (const auto* number = from.as_floating_point()) {
    to.value = number->get();
  } else if (const auto* flag = from.as_boolean()) {
    to.value = flag->get();
  } else {
    date = to.at;
  }
  return to;
}

/// toml++ says "Error while parsing key-value pair: …". Of that only the end is of use, and some of
/// it only to who knows TOML.
std::string plainly(std::string_view words) {
  constexpr std::string_view start = "Error while parsing ";
  if (const auto colon = words.find(": "); words.starts_with(start) && colon != words.npos)
    words.remove_prefix(colon + 2);
  const auto says = [words](std::string_view part) { return words.find(part) != words.npos; };
  if (says("cannot redefine existing") && words.ends_with('\'')) {
    const auto quote = words.rfind('\'', words.size() - 2);
    return std::string(words.substr(quote)) + " is there twice";
  }
  if (says("could not determine value type")) return "this is no value; a text needs quotes";
  if (says("unescaped control characters")) return "the closing quote is missing in this line";
  if (says("exceeded maximum nested value depth")) return "too many brackets in each other";
  return "not TOML: " + std::string(words);
}

}  // namespace

result<setting::table> read_toml(std::string_view text, const std::string& name) {
  if (text.size() > toml_bytes_max)
    return error{errc::bad_config, name + ": is " + std::to_string(text.size()) +
                                       " bytes long, and a configuration at most " +
                                       std::to_string(toml_bytes_max)};
  if (const auto flaw = find_flaw(text)) {
    const auto [line, column] = place_of(text, flaw->offset);
    return error{errc::bad_config, at(name, line, column) + flaw->words};
  }
  try {
    const toml::table root = toml::parse(text);
    std::optional<origin> date;
    auto all = convert(root, name, date);
    if (date)
      return error{errc::bad_config,
                   at(name, date->line, date->column) +
                       "no key takes a date or time; if it is a text, put it in quotes"};
    return std::get<setting::table>(std::move(all.value));
  } catch (const toml::parse_error& e) {
    const auto place = e.source().begin;
    return error{errc::bad_config, at(name, place.line, place.column) + plainly(e.description())};
  } catch (const toml_confused&) {
    return error{errc::bad_config, at(name, 1, 1) + "not TOML"};
  }
}

std::optional<setting> read_toml_value(std::string_view text) {
  // A line break would let the text add keys of its own.
  if (text.find('\n') != std::string_view::npos) return std::nullopt;
  const auto table = read_toml("value = " + std::string(text), "");
  if (!table || table->size() != 1) return std::nullopt;
  return table->begin()->second;
}

std::string write_toml(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out.append(1, '\\').append(1, c);
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04X", static_cast<unsigned>(c));
      out += code;
    } else
      out += c;
  }
  return out + "\"";
}

std::string write_toml_key(std::string_view key) {
  if (!key.empty() && std::all_of(key.begin(), key.end(), is_bare)) return std::string(key);
  return write_toml(key);
}

namespace {

std::string write_number(double number) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  std::string text(digits, end);
  // Else it would be read again as an integer.
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string joined(const setting& from) {
  std::string out;
  if (const auto* items = std::get_if<setting::list>(&from.value))
    for (const auto& item : *items)
      out += (out.empty() ? "" : ", ") + write_toml(item);
  if (const auto* keys = std::get_if<setting::table>(&from.value))
    for (const auto& [key, value] : *keys)
      out += (out.empty() ? "" : ", ") + write_toml_key(key) + " = " + write_toml(value);
  return out;
}

}  // namespace

std::string write_toml(const setting& from) {
  struct writer {
    const setting& whole;

    std::string operator()(bool flag) const { return flag ? "true" : "false"; }

    std::string operator()(std::int64_t number) const { return std::to_string(number); }

    std::string operator()(double number) const { return write_number(number); }

    std::string operator()(const std::string& text) const { return write_toml(text); }

    std::string operator()(const setting::list&) const { return "[" + joined(whole) + "]"; }

    std::string operator()(const setting::table& keys) const {
      return keys.empty() ? "{}" : "{ " + joined(whole) + " }";
    }
  };

  return std::visit(writer{from}, from.value);
}

}  // namespace troupe
