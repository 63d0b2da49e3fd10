#include "actors/cluster/worker_program.hpp"

#include <dlfcn.h>
#include <filesystem>
#include <system_error>
#include <unistd.h>

#include "backends/process.hpp"

namespace troupe {

namespace {

namespace fs = std::filesystem;

/// Something that dladdr() can find this library by.
const char here = 0;

fs::path folder_of_library() {
  Dl_info info{};
  if (dladdr(&here, &info) == 0 || !info.dli_fname) return {};
  std::error_code failed;
  return fs::canonical(info.dli_fname, failed).parent_path();
}

bool runnable(const fs::path& path) {
  std::error_code failed;
  return fs::is_regular_file(path, failed) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

result<std::vector<std::string>> self_hosted_program() {
  std::error_code failed;
  const auto self = fs::read_symlink("/proc/self/exe", failed);
  if (failed) return error{errc::system, "cannot read /proc/self/exe: " + failed.message()};
  return std::vector<std::string>{self.string(), "--troupe-worker"};
}

result<std::vector<std::string>> troupe_program() {
  const auto folder = folder_of_library();
  // The build folder; <prefix>/lib; <prefix>/lib/<machine>.
  for (const auto* relative : {"troupe", "../bin/troupe", "../../bin/troupe"}) {
    const auto candidate = (folder / relative).lexically_normal();
    if (runnable(candidate)) return std::vector<std::string>{candidate.string(), "worker"};
  }
  if (auto found = backends::find_program("troupe"))
    return std::vector<std::string>{*found, "worker"};
  return error{errc::system, "the `troupe` command, which runs the workers, is neither near " +
                                 folder.string() +
                                 " nor in PATH; add its folder to PATH, or give the cluster a "
                                 "function that registers your tasks, so that workers are this "
                                 "program itself"};
}

}  // namespace troupe
