#pragma once

#include <cstdint>
#include <filesystem>

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
/// group, since the kernel counts that.
std::uint64_t used_memory_bytes(std::uint64_t limit_bytes, const std::filesystem::path& root = "/");

/// How often the kernel has ended a process of this cgroup, or one below, for want of memory; 0 if
/// it does not say.
std::uint64_t out_of_memory_kills(const std::filesystem::path& root = "/");

}  // namespace troupe
