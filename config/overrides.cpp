#include <algorithm>
#include <cctype>

#include "config/build.hpp"
#include "config/nearest.hpp"
#include "config/read.hpp"
#include "config/toml.hpp"
#include "config/toml_scan.hpp"

namespace troupe {

namespace {

std::vector<std::string> split(std::string_view text, std::string_view by) {
  std::vector<std::string> parts;
  for (std::size_t from = 0;;) {
    const auto end = text.find(by, from);
    parts.emplace_back(text.substr(from, end - from));
    if (end == std::string_view::npos) return parts;
    from = end + by.size();
  }
}

std::string joined(const std::vector<std::string>& path, const std::string& by) {
  std::string all;
  for (const auto& part : path)
    all += (all.empty() ? "" : by) + part;
  return all;
}

/// worker.threads, worker.resources.gpu, cluster.local.isolation: the first two words are a key, or
/// it is in the section of some place.
bool leads_somewhere(const std::vector<std::string>& path) {
  if (std::find(path.begin(), path.end(), "") != path.end() || path.size() < 2) return false;
  const auto key = path[0] + "." + path[1];
  const auto& names = key_names();
  if (std::find(names.begin(), names.end(), key) != names.end()) return path.size() <= 3;
  return path[0] == "cluster" && path.size() >= 3 && path.size() <= 4;
}

/// Puts the value there, in place of what was there. Returns what is wrong, or "".
std::string put(setting::table& root, const std::vector<std::string>& path, setting value) {
  setting::table* keys = &root;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    auto& next = (*keys)[path[i]];
    if (next.at == origin{}) {
      next.value = setting::table();
      next.at = next.key_at = value.at;
    }
    keys = std::get_if<setting::table>(&next.value);
    if (!keys) return path[i] + " is set as a whole by " + describe(next.at);
  }
  (*keys)[path.back()] = std::move(value);
  return {};
}

setting loose(const std::string& text, origin from) {
  setting value{text};
  value.at = value.key_at = std::move(from);
  value.loose = true;
  return value;
}

std::string lower(std::string text) {
  for (char& c : text)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// TROUPE_WORKER__THREADS
std::string variable_name(const std::string& key, const std::string& between) {
  auto name = "TROUPE_" + joined(split(key, "."), between);
  for (char& c : name)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

/// TROUPE_WORKER_THREADS looks like a key, and would be without effect. Other names with single
/// underscores belong to somebody else.
void check_other_variable(const std::string& name, std::vector<std::string>& problems) {
  for (const auto& key : key_names())
    if (name == variable_name(key, "_"))
      problems.push_back("environment " + name + ": is no key; did you mean " +
                         variable_name(key, "__") + "?");
}

}  // namespace

void add_variables(setting::table& root, const environment& variables,
                   std::vector<std::string>& problems) {
  constexpr std::string_view start = "TROUPE_";
  for (const auto& [name, text] : variables) {
    if (!name.starts_with(start)) continue;
    if (name.find("__") == std::string::npos) {
      check_other_variable(name, problems);
      continue;
    }
    const origin from{origin::kind::environment, name};
    const auto path = split(lower(name.substr(start.size())), "__");
    if (!leads_somewhere(path)) {
      std::vector<std::string> known;
      for (const auto& key : key_names())
        known.push_back(variable_name(key, "__"));
      problems.push_back(prefix(from) + "there is no key " + joined(path, ".") +
                         did_you_mean(name, known));
    } else if (utf8_length(text) < text.size()) {
      problems.push_back(prefix(from) + "is not UTF-8 text");
    } else if (const auto wrong = put(root, path, loose(text, from)); !wrong.empty()) {
      problems.push_back(prefix(from) + wrong);
    }
  }
}

void add_assignments(setting::table& root, const std::vector<std::string>& assignments,
                     std::vector<std::string>& problems) {
  for (const auto& assignment : assignments) {
    const auto equals = assignment.find('=');
    const auto key = assignment.substr(0, equals);
    const origin from{origin::kind::command_line, "--set " + key};
    const auto path = split(key, ".");
    if (equals == std::string::npos) {
      problems.push_back(prefix(from) + "has no value; write --set section.key=value");
    } else if (!leads_somewhere(path)) {
      problems.push_back(prefix(from) + "there is no key " + key + did_you_mean(key, key_names()));
    } else if (const auto text = assignment.substr(equals + 1); utf8_length(text) < text.size()) {
      problems.push_back(prefix(from) + "is not UTF-8 text");
    } else if (const auto wrong = put(root, path, loose(text, from)); !wrong.empty()) {
      problems.push_back(prefix(from) + wrong);
    }
  }
}

}  // namespace troupe
