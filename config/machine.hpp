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

/// Physical memory that a process occupies now; 0 if there is no such process.
std::uint64_t resident_bytes(std::int64_t pid, const std::filesystem::path& root = "/");

/// Of this process.
std::uint64_t resident_bytes();

}  // namespace troupe
