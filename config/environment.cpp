#include "config/environment.hpp"

#include <string_view>
#include <unistd.h>

namespace troupe {

environment process_environment() {
  environment all;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at)
    if (const std::string_view entry = *at; entry.find('=') != std::string_view::npos)
      all.emplace(entry.substr(0, entry.find('=')), entry.substr(entry.find('=') + 1));
  return all;
}

std::string variable(const environment& all, const std::string& name) {
  const auto at = all.find(name);
  return at == all.end() ? std::string() : at->second;
}

std::filesystem::path user_folder(const environment& all) {
  // As the XDG specification says: a relative path there is to be ignored.
  if (const std::filesystem::path xdg = variable(all, "XDG_CONFIG_HOME"); xdg.is_absolute())
    return xdg / "troupe";
  if (const std::filesystem::path home = variable(all, "HOME"); home.is_absolute())
    return home / ".config" / "troupe";
  return {};
}

}  // namespace troupe
