#include <algorithm>

#include "config/groups.hpp"
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

std::string source_words(const origin& from) {
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

std::string source_words(const loaded_config& loaded, const std::string& key) {
  const auto at = loaded.origins.find(key);
  return at == loaded.origins.end() ? "default" : source_words(at->second);
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

/// What a group says itself; all else is as above.
std::string group_text(const setting::table& keys) {
  std::vector<line> lines;
  for (const auto& [key, value] : keys) {
    const auto* inner = std::get_if<setting::table>(&value.value);
    if (!inner)
      lines.push_back({write_toml_key(key) + " = " + write_toml(value), source_words(value.at)});
    for (const auto& [name, one] : inner ? *inner : setting::table())
      lines.push_back({write_toml_key(key) + "." + write_toml_key(name) + " = " +
                           value_words(one, names_secret(name)),
                       source_words(one.at)});
  }
  return "\n[[cluster.group]]\n" + aligned(lines);
}

/// As read_groups() reads it: all of it, as anything may differ.
std::string to_toml(const std::string& name, const config& part) {
  auto text = "[[cluster.group]]\nname = " + write_toml(name) + "\n";
  visit_keys(part, [&](const char* section, const char* key, const auto& member, const rule&) {
    const std::string_view word = section;
    if (word == "worker")
      text += "worker." + std::string(key) + " = " + write_toml(written(member)) + "\n";
    else if (word == "cluster" && key != std::string_view("name") && !is_cluster_wide(key))
      text += std::string(key) + " = " + write_toml(written(member)) + "\n";
  });
  for (const auto& [key, value] : part.cluster.place.keys())
    text += part.cluster.type + "." + write_toml_key(key) + " = " + write_toml(value) + "\n";
  return text;
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
  for (const auto& keys : loaded.groups)
    all += group_text(keys);
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
  if (!options.groups.empty())
    for (const auto& [name, part] : each_group(options))
      all += to_toml(name, part);
  return all;
}

}  // namespace troupe
