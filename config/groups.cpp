#include "config/groups.hpp"

#include <algorithm>
#include <set>

#include "config/keys.hpp"
#include "config/nearest.hpp"
#include "config/read.hpp"

namespace troupe {

namespace {

/// The table of this name, made if need be; null if something else is there.
setting::table* table_in(setting::table& of, std::string_view name) {
  const auto at = of.try_emplace(std::string(name), setting{setting::table()}).first;
  return std::get_if<setting::table>(&at->second.value);
}

void lay_over(setting::table& to, const setting::table& from) {
  for (const auto& [key, value] : from)
    to[key] = value;
}

class group_reader {
public:
  group_reader(const setting::table& root, std::vector<mistake>& problems)
      : root_(root), problems_(problems) {}

  worker_group read(const setting& from) {
    const auto& keys = std::get<setting::table>(from.value);
    auto all = root_;
    std::get<setting::table>(all["cluster"].value).erase("group");
    for (const auto& [key, value] : keys)
      if (key != "name") put(all, key, value);
    auto built = build_part(all, problems_).values;
    return {name_of(from, keys), std::move(built.cluster), std::move(built.worker)};
  }

private:
  void wrong(const origin& at, std::string words) { problems_.push_back({at, std::move(words)}); }

  void put(setting::table& all, const std::string& key, const setting& value) {
    const auto* inner = std::get_if<setting::table>(&value.value);
    auto& cluster = *table_in(all, "cluster");
    if (is_cluster_wide(key)) {
      wrong(value.key_at, key + " is of the whole cluster: write it in [cluster]");
    } else if (key == "worker" && !inner) {
      wrong(value.key_at,
            "worker must be a table with keys of [worker], as in worker.threads = 4, "
            "found " +
                found_words(value));
    } else if (inner) {
      // If what it lies over is no table, that is told already.
      auto* under = key == "worker" ? table_in(all, key) : table_in(cluster, key);
      if (under) lay_over(*under, *inner);
      if (key != "worker") cluster[key].key_at = value.key_at;
    } else {
      cluster[key] = value;
    }
  }

  std::string name_of(const setting& from, const setting::table& keys) {
    const auto found = keys.find("name");
    std::string name;
    if (found == keys.end()) {
      wrong(from.at, "this group needs a name: name = \"gpu\"");
    } else if (read_value(found->second, name) || !fits(group_name(), name)) {
      wrong(found->second.at, "a group's name must be " + wanted(group_name(), name) + ", found " +
                                  found_words(found->second));
    } else if (!names_.insert(name).second) {
      wrong(found->second.at, "there are two groups of the name " + found_words(found->second));
    }
    return name;
  }

  const setting::table& root_;
  std::vector<mistake>& problems_;
  std::set<std::string> names_;
};

}  // namespace

std::vector<std::pair<std::string, config>> each_group(const config& whole) {
  std::vector<std::pair<std::string, config>> all;
  for (const auto& group : whole.groups) {
    auto& part = all.emplace_back(group.name, whole).second;
    part.groups.clear();
    part.cluster = group.cluster;
    part.cluster.name = whole.cluster.name;
    part.cluster.scheduler = whole.cluster.scheduler;
    part.cluster.keep = whole.cluster.keep;
    part.cluster.plugins = whole.cluster.plugins;
    part.cluster.idle_timeout = whole.cluster.idle_timeout;
    part.worker = group.worker;
  }
  if (all.empty()) all.emplace_back("", whole);
  return all;
}

std::string group_names(const config& whole) {
  std::string all;
  for (const auto& group : whole.groups)
    all += (all.empty() ? "" : ", ") + group.name;
  return all;
}

result<void> validate_group_names(const config& whole) {
  std::set<std::string> names;
  for (const auto& group : whole.groups) {
    if (!fits(group_name(), group.name))
      return error{errc::bad_config, "a group's name must be " + wanted(group_name(), group.name) +
                                         ", found \"" + group.name + "\""};
    if (!names.insert(group.name).second)
      return error{errc::bad_config, "there are two groups of the name \"" + group.name + "\""};
  }
  return {};
}

bool is_group_list(std::string_view section, std::string_view key) {
  return section == "cluster" && key == "group";
}

bool is_cluster_wide(std::string_view key) {
  // A group has a name too, of its own.
  return key == "scheduler" || key == "keep" || key == "plugins" || key == "idle_timeout";
}

void read_groups(const setting::table& root, loaded_config& to, std::vector<mistake>& problems) {
  const auto section = root.find("cluster");
  if (section == root.end()) return;
  const auto* cluster = std::get_if<setting::table>(&section->second.value);
  if (!cluster) return;
  const auto found = cluster->find("group");
  if (found == cluster->end()) return;
  const auto* list = std::get_if<setting::list>(&found->second.value);
  if (!list || list->empty() || !std::all_of(list->begin(), list->end(), [](const setting& one) {
        return std::holds_alternative<setting::table>(one.value);
      })) {
    problems.push_back({found->second.key_at,
                        "cluster.group must be a list of tables, written [[cluster.group]]"});
    return;
  }
  group_reader reader(root, problems);
  for (const auto& one : *list) {
    to.values.groups.push_back(reader.read(one));
    to.groups.push_back(std::get<setting::table>(one.value));
  }
}

}  // namespace troupe
