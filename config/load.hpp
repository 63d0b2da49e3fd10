#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <troupe/config.hpp>
#include <troupe/result.hpp>

#include "config/environment.hpp"

namespace troupe {

/// A configuration, and where it came from.
struct loaded_config {
  config values = {};
  std::map<std::string, origin> origins = {};  ///< By key, "worker.threads"; others are defaults.
  std::filesystem::path file = {};             ///< Empty: none was found.
  std::vector<setting::table> groups = {};     ///< What each [[cluster.group]] says.
};

/// What the configuration is to be made of.
struct load_request {
  /// Asked for by name: it must exist. Empty: $TROUPE_CONFIG, which must exist too, if it is set.
  std::filesystem::path file = {};
  /// Else the first of these that exists.
  std::vector<std::filesystem::path> search = {};
  environment variables = {};
  std::vector<std::string> assignments = {};  ///< "section.key=value", the last one wins.
};

/// The places where a file is looked for, in order.
std::vector<std::filesystem::path> search_list(const environment&);

/// All that is wrong comes in one error, a line each.
result<loaded_config> load_config(const load_request&);

/// For a command that is a part of a cluster and nothing else: its log is for operators, who want
/// to know who joins and leaves. What was set stays.
void log_for_operators(loaded_config&);

/// The request that a command line makes. Takes what it used out of the arguments.
result<load_request> take_arguments(int& argc, char** argv, const environment&);

/// The text of a TOML file, without variables and assignments. `name` is for errors.
result<loaded_config> parse_config(std::string_view text, const std::string& name);

/// For a configuration made in code: are the values in range, and do they fit each other?
result<void> validate(const config&);

/// The configuration as a TOML file that load_config() reads back, with its secrets.
std::string to_toml(const config&);

/// The configuration as TOML, each value with where it came from. Secrets are not in it.
std::string show(const loaded_config&);

}  // namespace troupe
