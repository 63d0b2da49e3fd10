#include "config/build.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include "config/groups.hpp"
#include "config/keys.hpp"
#include "config/nearest.hpp"
#include "config/read.hpp"
#include "config/units.hpp"

namespace troupe {

namespace {

std::string dotted(std::string_view section, std::string_view key) {
  return std::string(section).append(".").append(key);
}

template <class T>
std::optional<misread> read_member(const setting& from, const rule&, T& to) {
  return read_value(from, to);
}

std::optional<misread> read_member(const setting& from, const rule& r, std::uint32_t& to) {
  std::int64_t read = 0;
  if (auto wrong = read_value(from, read)) return wrong;
  if (read < 0 || static_cast<std::uint64_t>(read) > r.most) return misread{};
  to = static_cast<std::uint32_t>(read);
  return std::nullopt;
}

bool has_section(const std::string& word) {
  return std::any_of(key_names().begin(), key_names().end(),
                     [&word](const auto& name) { return name.starts_with(word + "."); });
}

bool has_key(const std::string& name) {
  return std::find(key_names().begin(), key_names().end(), name) != key_names().end();
}

/// For a key that is nowhere: the nearest one of its section, else one of that name elsewhere.
std::string advice_for(const std::string& section, const std::string& key) {
  std::vector<std::string> siblings;
  std::vector<std::string> namesakes;
  for (const auto& name : key_names()) {
    const auto dot = name.find('.');
    if (name.substr(0, dot) == section) siblings.push_back(name.substr(dot + 1));
    if (name.substr(dot + 1) == key) namesakes.push_back(name);
  }
  auto advice = did_you_mean(key, siblings);
  if (advice.empty() && !namesakes.empty())
    advice = "; did you mean " + enumerated(namesakes) + "?";
  if (advice.empty() && !siblings.empty()) advice = "; there is " + enumerated(siblings);
  return advice;
}

class builder {
public:
  builder(const setting::table& root, std::vector<mistake>& problems)
      : root_(root), problems_(problems) {}

  loaded_config build() {
    visit_keys(made_.values, [this](const char* section, const char* key, auto& member,
                                    const rule& r) { read(section, key, member, r); });
    for (const auto& [section, content] : root_)
      look_at(section, content);
    if (problems_.empty()) compare();
    return std::move(made_);
  }

private:
  template <class T>
  void read(const char* section, const char* key, T& member, const rule& r) {
    const auto at = root_.find(std::string_view(section));
    if (at == root_.end()) return;
    const auto* keys = std::get_if<setting::table>(&at->second.value);
    if (!keys) return;
    const auto found = keys->find(std::string_view(key));
    if (found == keys->end()) return;
    const auto& from = found->second;
    made_.origins[dotted(section, key)] = from.at;
    T value{};
    const auto wrong = read_member(from, r, value);
    if (!wrong && fits(r, value)) {
      member = std::move(value);
      return;
    }
    auto words = dotted(section, key) + " must be " + wanted(r, member) + ", found " +
                 (r.secret ? found_kind(from) : found_words(from));
    if (wrong && !wrong->hint.empty() && !r.secret) words += "; " + wrong->hint;
    problems_.push_back({from.at, std::move(words)});
  }

  /// What visit_keys() did not ask for: places, and mistakes.
  void look_at(const std::string& section, const setting& content) {
    const auto* keys = std::get_if<setting::table>(&content.value);
    if (!has_section(section)) {
      std::vector<std::string> sections;
      for (const auto& name : key_names())
        if (const auto word = name.substr(0, name.find('.'));
            sections.empty() || sections.back() != word)
          sections.push_back(word);
      auto advice = keys ? did_you_mean(section, sections) : advice_for({}, section);
      if (advice.empty()) advice = "; there is " + enumerated(sections);
      problems_.push_back(
          {content.key_at,
           (keys ? "unknown section [" + section + "]" : "unknown key " + section) + advice});
      return;
    }
    if (!keys) {
      problems_.push_back({content.key_at, section + " must be a section, written [" + section +
                                               "], found " + found_words(content)});
      return;
    }
    for (const auto& [key, value] : *keys) {
      if (has_key(dotted(section, key)) || is_group_list(section, key)) continue;
      if (section == "cluster" && std::holds_alternative<setting::table>(value.value))
        place(key, value);
      else
        problems_.push_back(
            {value.key_at, "unknown key " + dotted(section, key) + advice_for(section, key)});
    }
  }

  void place(const std::string& type, const setting& content) {
    // Which types there are is known when plugins are loaded.
    made_.values.cluster.places[type] = content.key_at;
    if (type != made_.values.cluster.type) return;
    const auto& keys = std::get<setting::table>(content.value);
    made_.values.cluster.place = settings("cluster." + type, keys);
    for (const auto& [key, value] : keys)
      made_.origins[dotted("cluster." + type, key)] = value.at;
  }

  /// The place told is that of `key`, or of `other` if only that one was written.
  void refuse(const std::string& key, const std::string& other, const std::string& problem) {
    auto at = made_.origins.find(key);
    if (at == made_.origins.end()) at = made_.origins.find(other);
    problems_.push_back({at == made_.origins.end() ? origin() : at->second, key + " " + problem});
  }

  /// Values that are good alone and not together.
  void compare() {
    const auto& net = made_.values.network;
    if (net.silence_max <= net.heartbeat_interval)
      refuse("network.silence_max", "network.heartbeat_interval",
             "must be longer than network.heartbeat_interval (" +
                 format_duration(net.heartbeat_interval) + "), found " +
                 format_duration(net.silence_max));
    const auto& cluster = made_.values.cluster;
    if (cluster.keep && cluster.scheduler == "owner")
      refuse("cluster.keep", "cluster.scheduler",
             "needs cluster.scheduler = \"process\" or \"job\": in its owner it ends with it");
    if (cluster.adapt_max > 0 && cluster.adapt_max < cluster.adapt_min)
      refuse("cluster.adapt_max", "cluster.adapt_min",
             "must not be less than cluster.adapt_min (" + std::to_string(cluster.adapt_min) +
                 "), found " + std::to_string(cluster.adapt_max));
    if (net.hello_max > net.frame_max)
      refuse("network.hello_max", "network.frame_max",
             "must not be larger than network.frame_max (" + format_size(net.frame_max) +
                 "), found " + format_size(net.hello_max));
    if (net.frame_max > net.value_max)
      refuse("network.frame_max", "network.value_max",
             "must not be larger than network.value_max (" + format_size(net.value_max) +
                 "), found " + format_size(net.frame_max));
    const auto& security = made_.values.security;
    if (security.certificate.empty() != security.key.empty()) {
      const std::string here = security.key.empty() ? "security.certificate" : "security.key";
      const std::string missing = security.key.empty() ? "security.key" : "security.certificate";
      refuse(here, missing, "is of no use alone; set " + missing + " too");
    }
  }

  const setting::table& root_;
  loaded_config made_;
  std::vector<mistake>& problems_;
};

error told(std::vector<mistake> problems) {
  // As they stand in the file. What is wrong for all groups is wrong once.
  const auto place = [](const mistake& m) { return std::tie(m.at.line, m.at.column); };
  std::stable_sort(problems.begin(), problems.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
  std::vector<std::string> lines;
  for (const auto& each : problems)
    if (auto line = prefix(each.at) + each.words;
        std::find(lines.begin(), lines.end(), line) == lines.end())
      lines.push_back(std::move(line));
  constexpr std::size_t shown_max = 50;
  std::string all;
  for (std::size_t i = 0; i < std::min(lines.size(), shown_max); ++i)
    all += (i == 0 ? "" : "\n") + lines[i];
  if (lines.size() > shown_max)
    all += "\nand " + std::to_string(lines.size() - shown_max) + " more";
  return error{errc::bad_config, all};
}

}  // namespace

const std::vector<std::string>& key_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    const config defaults;
    visit_keys(defaults, [&all](const char* section, const char* key, const auto&, const rule&) {
      all.push_back(dotted(section, key));
    });
    return all;
  }();
  return names;
}

loaded_config build_part(const setting::table& root, std::vector<mistake>& problems) {
  return builder(root, problems).build();
}

result<loaded_config> build_config(const setting::table& root) {
  std::vector<mistake> problems;
  auto made = build_part(root, problems);
  read_groups(root, made, problems);
  if (problems.empty()) return made;
  return told(std::move(problems));
}

namespace {

result<void> validate_part(const config& c) {
  // As if it had been written down: so there is one set of checks.
  setting::table root;
  visit_keys(c, [&root](const char* section, const char* key, const auto& member, const rule&) {
    auto& keys = root[section].value;
    if (!std::holds_alternative<setting::table>(keys)) keys = setting::table();
    std::get<setting::table>(keys)[key] = written(member);
  });
  const auto built = build_config(root);
  if (built) return {};
  return built.error();
}

}  // namespace

result<void> validate(const config& c) {
  if (auto good = validate_part(c); !good) return good;
  if (auto good = validate_group_names(c); !good) return good;
  if (c.groups.empty()) return {};
  for (const auto& [name, part] : each_group(c))
    if (auto good = validate_part(part); !good)
      return error{good.error().code, "group " + name + ": " + good.error().message};
  return {};
}

}  // namespace troupe
