#include "actors/cluster/worker_environment.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "config/keys.hpp"
#include "config/token.hpp"
#include "config/toml.hpp"

namespace troupe {

namespace {

std::string variable_name(std::string_view section, std::string_view key) {
  std::string name = "TROUPE_" + std::string(section) + "__" + std::string(key);
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return 'a' <= c && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name;
}

bool concerns_workers(std::string_view section) {
  return section == "worker" || section == "network" || section == "security" || section == "log";
}

std::string variable_text(const setting& from) {
  if (const auto* text = std::get_if<std::string>(&from.value)) return *text;
  return write_toml(from);
}

}  // namespace

result<std::map<std::string, std::string>> worker_environment(const config& options) {
  auto token = cluster_token(options.security);
  if (!token) return token.error();
  std::map<std::string, std::string> usual;
  const config defaults;
  visit_keys(defaults, [&](const char* section, const char* key, const auto& member, const rule&) {
    usual[variable_name(section, key)] = variable_text(written(member));
  });
  // An empty file stands for any that the worker might find.
  std::map<std::string, std::string> variables{{"TROUPE_CONFIG", "/dev/null"}};
  visit_keys(options, [&](const char* section, const char* key, const auto& member, const rule&) {
    const auto name = variable_name(section, key);
    auto text = variable_text(written(member));
    if (concerns_workers(section) && text != usual[name]) variables[name] = std::move(text);
  });
  // Said even if it is the default: a worker on its own would say more than a program wants to see.
  variables["TROUPE_LOG__LEVEL"] = options.log.level;
  variables["TROUPE_SECURITY__TOKEN"] = token->reveal();
  return variables;
}

}  // namespace troupe
