#include "backends/jobqueue/job_settings.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include <troupe/backend.hpp>

#include "config/nearest.hpp"
#include "config/read.hpp"

namespace troupe::backends::jobqueue {

namespace {

using namespace std::chrono_literals;

constexpr auto walltime_most = std::chrono::hours(24 * 365);

result<std::string> name_in(const setting::table& keys, const std::string& key) {
  const auto found = keys.find(key);
  if (found == keys.end()) return std::string();
  if (const auto* text = std::get_if<std::string>(&found->second.value)) return *text;
  return error{errc::bad_config, prefix(found->second.at) + "cluster.jobqueue: " + key +
                                     " must be the name of a site, found " +
                                     found_words(found->second)};
}

result<const setting::table*> find_site(const setting::table& sites, const std::string& name) {
  const auto found = sites.find(name);
  if (found == sites.end()) {
    std::vector<std::string> names;
    for (const auto& [known, keys] : sites)
      names.push_back(known);
    return error{errc::bad_config,
                 "there is no section [cluster.jobqueue.sites." + name + "]; " +
                     (names.empty() ? "there are no sites" : "there is " + enumerated(names)) +
                     did_you_mean(name, names)};
  }
  if (const auto* keys = std::get_if<setting::table>(&found->second.value)) return keys;
  return error{errc::bad_config, prefix(found->second.at) + "cluster.jobqueue.sites." + name +
                                     " must be a section, found " + found_words(found->second)};
}

/// The larger of what is set and what is the least, for a warning that must fit into a walltime.
void check_walltime(settings& section, const job_settings& job) {
  if (job.walltime > 0ns && job.walltime_warning * 2 > job.walltime)
    section.refuse("walltime_warning", "must be at most half of walltime");
}

void read_limits(settings& from, job_settings& job) {
  job.cores = static_cast<std::uint32_t>(from.integer("cores", 0, 0, 100'000));
  job.memory_bytes = from.size("memory", 0);
  job.disk_bytes = from.size("disk", job.disk_bytes);
  job.walltime = from.duration("walltime", job.walltime, 0s, walltime_most);
  const auto usual = std::min(job.walltime_warning, job.walltime / 4);
  job.walltime_warning = from.duration("walltime_warning", usual, 0s, walltime_most);
  job.nodes_per_job = static_cast<std::uint32_t>(from.integer("nodes_per_job", 1, 1, 100'000));
  job.resource_spec = from.text("resource_spec", "");
  job.parallel_environment = from.text("parallel_environment", "");
  job.memory_per_core_property = from.text("memory_per_core_property", "");
  job.lsf_units = from.choice("lsf_units", job.lsf_units, {"KB", "MB", "GB"});
}

void read_script(settings& from, job_settings& job) {
  job.launcher = from.texts("launcher", {});
  job.directives = from.texts("directives", {});
  job.skip_directives = from.texts("skip_directives", {});
  job.shebang = from.text("shebang", job.shebang);
  job.prologue = from.texts("prologue", {});
  job.epilogue = from.texts("epilogue", {});
  job.worker_arguments = from.texts("worker_arguments", {});
  job.submit_options = from.texts("submit_options", {});
  job.cancel_options = from.texts("cancel_options", {});
  if (job.shebang.rfind("#!", 0) != 0) from.refuse("shebang", "must begin with #!");
}

/// A line break in a directive would begin a line of the script.
void check_lines(settings& from, const job_settings& job) {
  const auto check = [&from](const char* key, const std::string& text) {
    if (text.find('\n') != std::string::npos) from.refuse(key, "must be one line");
  };
  check("job_name", job.job_name);
  check("queue", job.queue);
  check("account", job.account);
  check("resource_spec", job.resource_spec);
  check("shebang", job.shebang);
  for (const auto& line : job.directives)
    check("directives", line);
}

}  // namespace

result<settings> with_site(const settings& section) {
  auto name = name_in(section.keys(), "site");
  if (!name) return name.error();
  setting::table merged = section.keys();
  merged.erase("sites");
  merged.erase("site");
  setting::table none;
  const setting::table* sites = &none;
  if (const auto found = section.keys().find("sites"); found != section.keys().end()) {
    sites = std::get_if<setting::table>(&found->second.value);
    if (!sites)
      return error{errc::bad_config, prefix(found->second.at) +
                                         "cluster.jobqueue.sites must hold sections, found " +
                                         found_words(found->second)};
  }
  std::vector<std::string> seen;
  while (!name->empty()) {
    if (std::find(seen.begin(), seen.end(), *name) != seen.end())
      return error{errc::bad_config, "cluster.jobqueue.sites." + *name + " inherits from itself"};
    seen.push_back(*name);
    auto keys = find_site(*sites, *name);
    if (!keys) return keys.error();
    for (const auto& [key, value] : **keys)
      if (key != "inherit") merged.emplace(key, value);
    name = name_in(**keys, "inherit");
    if (!name) return name.error();
  }
  return settings(section.name(), std::move(merged));
}

settings for_group(const settings& section, const std::string& group) {
  auto keys = section.keys();
  const auto found = keys.find(scheduler_group);
  const auto* table =
      found == keys.end() ? nullptr : std::get_if<setting::table>(&found->second.value);
  const auto other = table ? *table : setting::table();
  if (table) keys.erase(found);
  if (group == scheduler_group) {
    for (const auto* key : {"worker_arguments", "nodes_per_job", "launcher"})
      keys.erase(key);
    for (const auto& [key, value] : other)
      keys.insert_or_assign(key, value);
  }
  return settings(section.name(), std::move(keys));
}

result<job_settings> read_job_settings(settings& section,
                                       const std::function<bool(const std::string&)>& here) {
  auto merged = with_site(section);
  if (!merged) return merged.error();
  section = std::move(*merged);
  // Read before these settings were made; named here for those who look for the right word.
  section.choice("mode", "jobs", {"jobs", "allocation"});
  section.text("site", "");
  section.text("sites", "");
  job_settings job;
  auto systems = system_names();
  systems.insert(systems.begin(), "auto");
  const auto name = section.choice("system", "auto", systems);
  if (name == "auto") {
    auto found = detect_system(here);
    if (!found) return found.error();
    job.system = *found;
  } else {
    job.system = system_of(name);
  }
  job.job_name = section.text("job_name", job.job_name);
  job.queue = section.text("queue", "");
  job.account = section.text("account", "");
  read_limits(section, job);
  read_script(section, job);
  job.local_directory = section.text("local_directory", "");
  job.interface = section.text("interface", "");
  job.log_directory = section.text("log_directory", "");
  job.shared_directory = section.text("shared_directory", "");
  job.job_array = section.flag("job_array", job.job_array);
  job.use_stdin = section.flag("use_stdin", job.use_stdin);
  job.query_interval_min = section.duration("query_interval_min", job.query_interval_min, 10ms, 1h);
  job.query_interval_max = section.duration(
      "query_interval_max", std::max(job.query_interval_max, job.query_interval_min),
      job.query_interval_min, 24h);
  check_walltime(section, job);
  check_lines(section, job);
  if (job.nodes_per_job > 1 && job.system == batch_system::htcondor)
    section.refuse("nodes_per_job", "must be 1: HTCondor gives a job one machine");
  return job;
}

}  // namespace troupe::backends::jobqueue
