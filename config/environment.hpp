#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <troupe/result.hpp>

namespace troupe {

/// Variables by name. Passed in and not looked up, so that tests need no real home.
using environment = std::map<std::string, std::string>;

environment process_environment();

/// The value, or "" if it is not there.
std::string variable(const environment&, const std::string& name);

/// $XDG_CONFIG_HOME/troupe or ~/.config/troupe; empty if neither variable is an absolute path.
std::filesystem::path user_folder(const environment&);

}  // namespace troupe
