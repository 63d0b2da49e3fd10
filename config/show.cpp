#include <algorithm>

#include "config/keys.hpp"
#include "config/load.hpp"
#include "config/read.hpp"
#include "config/toml.hpp"

namespace troupe {

namespace {

struct line {
  std::string text;
  std::string from;
};

std::string source_words(const loaded_config& loaded, const std::string& key) {
  const auto at = loaded.origins.find(key);
  if (at == loaded.origins.end()) return "default";
  const auto& from = at->second;
  switch (from.from) {
    case origin::kind::program:
      return "program";
    case origin::kind::command_line:
      return "command line";
    case origin::kind::environment:
      return describe(from);
    case origin::kind::file:
      break;
  }
  return from.name + ":" + std::to_string(from.line);
}

std::string value_words(const setting& value, bool is_secret) {
  const auto* text = std::get_if<std::string>(&value.value);
  if (!is_secret || (text && text->empty())) return write_toml(value);
  return "\"(set)\"";
}

/// The comments of a section stand below each other, unless a value is very long.
std::string aligned(const std::vector<line>& lines) {
  constexpr std::size_t widest = 60;
  std::size_t width = 0;
  for (const auto& l : lines)
    if (l.text.size() <= widest) width = std::max(width, l.text.size());
  std::string all;
  for (const auto& l : lines) {
    const auto gap = l.text.size() < width ? width - l.text.size() : 0;
    all += l.text + std::string(gap + 2, ' ') + "# " + l.from + "\n";
  }
  return all;
}

}  // namespace

std::string show(const loaded_config& loaded) {
  std::string all = loaded.file.empty() ? "# no file\n" : "# file: " + loaded.file.string() + "\n";
  std::string section;
  std::vector<line> lines;
  const auto finish = [&] {
    if (!section.empty()) all += "\n[" + section + "]\n" + aligned(lines);
    lines.clear();
  };
  const auto& place = loaded.values.cluster.place;
  const auto finish_cluster = [&] {
    finish();
    if (section != "cluster" || place.keys().empty()) return;
    section = place.name();
    for (const auto& [key, value] : place.keys())
      lines.push_back({write_toml_key(key) + " = " + value_words(value, names_secret(key)),
                       source_words(loaded, place.name() + "." + key)});
    finish();
  };
  visit_keys(loaded.values,
             [&](const char* name, const char* key, const auto& member, const rule& r) {
               if (section != name) finish_cluster();
               section = section != name ? name : section;
               lines.push_back({std::string(key) + " = " + value_words(written(member), r.secret),
                                source_words(loaded, section + "." + key)});
             });
  finish_cluster();
  return all;
}

std::string to_toml(const config& options) {
  std::string all;
  std::string section;
  const auto add_place = [&] {
    const auto& place = options.cluster.place;
    if (section != "cluster" || place.keys().empty()) return;
    // One that was made in code has no name.
    all += "[cluster." + options.cluster.type + "]\n";
    for (const auto& [key, value] : place.keys())
      all += write_toml_key(key) + " = " + write_toml(value) + "\n";
  };
  visit_keys(options, [&](const char* name, const char* key, const auto& member, const rule&) {
    if (section != name) {
      add_place();
      section = name;
      all += "[" + section + "]\n";
    }
    all += std::string(key) + " = " + write_toml(written(member)) + "\n";
  });
  return all;
}

}  // namespace troupe
