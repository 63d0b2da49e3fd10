#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace troupe {

/// What this process may use of the machine it runs on.
struct machine_share {
  std::uint32_t cores = 1;
  std::uint64_t memory_bytes = 0;  ///< 0: could not be found out.

  friend bool operator==(const machine_share&, const machine_share&) = default;
};

/// Cores as CPU affinity and the quotas of all enclosing cgroups (v1 and v2) leave them; memory as
/// the machine, the enclosing cgroups and the limit of the address space leave it.
///
/// A quota of 1.5 cores counts as 2: one thread could not use all of it, two are merely slowed.
/// `root` is for tests: a folder with proc/ and sys/ in it.
machine_share find_machine_share(const std::filesystem::path& root = "/");

/// Memory that this process uses and that cannot be had back from it: without files that are merely
/// mapped or cached. If `limit_bytes` is the limit of the enclosing cgroup, then of all in the
/// group, since the kernel counts that. Which group that is is found out once.
class memory_gauge {
public:
  explicit memory_gauge(std::uint64_t limit_bytes, std::filesystem::path root = "/");

  std::uint64_t used_bytes() const;

private:
  /// What is used, and in a file of many numbers, how much of it only caches files.
  struct counter {
    std::filesystem::path used;
    std::filesystem::path statistics;
    const char* cached;

    std::optional<std::uint64_t> read() const;
  };

  std::vector<counter> group_;  ///< Whichever answers first; none: the process alone counts.
  std::filesystem::path status_;
};

/// How often the kernel has ended a process of this cgroup, or one below, for want of memory; 0 if
/// it does not say.
std::uint64_t out_of_memory_kills(const std::filesystem::path& root = "/");

}  // namespace troupe
