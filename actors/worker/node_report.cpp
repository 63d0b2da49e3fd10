#include "actors/worker/node_report.hpp"

#include <chrono>
#include <gnu/libc-version.h>
#include <link.h>
#include <set>

#include "config/connection_file.hpp"
#include "config/file.hpp"
#include "serialization/release.hpp"

namespace troupe {

namespace {

constexpr std::size_t probe_bytes_max = 4096;

/// Their files' names have the versions: libcaf_core.so.0.17.6.
std::string loaded_libraries() {
  std::set<std::string> names;
  dl_iterate_phdr(
      [](dl_phdr_info* one, std::size_t, void* to) {
        const std::string path = one->dlpi_name;
        if (!path.empty())
          static_cast<std::set<std::string>*>(to)->insert(path.substr(path.rfind('/') + 1));
        return 0;
      },
      &names);
  std::string lines;
  for (const auto& name : names)
    lines += name + "\n";
  return lines;
}

}  // namespace

std::map<std::string, std::string> node_report(const std::string& probe) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seen = read_file(probe, probe_bytes_max);
  return {{"host", host_name()},
          {"release", release()},
          {"libc", gnu_get_libc_version()},
          {"libraries", loaded_libraries()},
          {"clock_ns", std::to_string(std::chrono::nanoseconds(now).count())},
          {"probe", seen ? *seen : std::string()}};
}

}  // namespace troupe
