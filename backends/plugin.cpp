#include "backends/plugin.hpp"

#include <dlfcn.h>
#include <filesystem>
#include <utility>

#include <troupe/plugin_abi.hpp>

namespace troupe {

namespace {

std::string last_dl_error() {
  const char* said = dlerror();
  return said ? said : "the loader does not say why";
}

/// What to do about what the loader says.
const char* advice_on(const std::string& why) {
  const auto says = [&why](const char* words) { return why.find(words) != std::string::npos; };
  if (says("invalid ELF header") || says("file too short") || says("wrong ELF class"))
    return "; it is no shared library for this machine";
  if (says("undefined symbol"))
    return "; build it with all its sources, and link all that it needs";
  return "; give its full path, and see that all it needs is linked or on LD_LIBRARY_PATH";
}

bool in_current_folder(const std::string& path) {
  std::error_code ignored;
  return path.find('/') == std::string::npos && std::filesystem::exists(path, ignored);
}

}  // namespace

result<plugin> plugin::open(const std::string& path, const std::string& what) {
  const auto label = what + " '" + path + "'";
  if (path.empty()) return error{errc::bad_config, "the " + what + " has no name; give its path"};
  std::error_code ignored;
  if (path.find('/') != std::string::npos && !std::filesystem::exists(path, ignored))
    return error{errc::bad_config, label + " does not exist; give the path of the .so file"};
  constexpr int mode = RTLD_NOW | RTLD_LOCAL;
  void* handle = dlopen(path.c_str(), mode);
  if (!handle) {
    auto why = last_dl_error();
    if (in_current_folder(path)) {
      handle = dlopen(("./" + path).c_str(), mode);
      if (!handle) why = last_dl_error();
    }
    if (!handle)
      return error{errc::bad_config, label + " cannot be loaded: " + why + advice_on(why)};
  }
  plugin made(handle, label);
  auto abi = made.find<unsigned (*)()>("troupe_plugin_abi");
  if (!abi)
    return error{errc::bad_config, label +
                                       " is not one: it does not have troupe_plugin_abi; "
                                       "include <troupe/plugin.hpp> in one of its sources"};
  if (const auto theirs = (*abi)(); theirs != plugin_abi)
    return error{errc::bad_config, label + " was built for plugin ABI " + std::to_string(theirs) +
                                       ", this troupe has " + std::to_string(plugin_abi) +
                                       "; build it again with the headers of this troupe"};
  return made;
}

result<void*> plugin::symbol(const char* name) const {
  if (void* found = dlsym(handle_, name)) return found;
  return error{errc::bad_config,
               label_ + " does not define " + name +
                   "; define it as <troupe/plugin.hpp> declares it, and see that it is exported"};
}

}  // namespace troupe
