#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <troupe/config.hpp>
#include <troupe/result.hpp>

#include "config/environment.hpp"
#include "config/token.hpp"

namespace troupe {

/// What a scheduler leaves for others to find it: a JSON file that only its owner can read.
struct connection_file {
  std::string address;
  secret token = {};  ///< May be empty: then the reader has it from elsewhere.
  std::int64_t pid = 0;
  std::string release = {};

  friend bool operator==(const connection_file&, const connection_file&) = default;
};

/// Replaces the file at once: a reader sees the old or the new one, never a part.
result<void> write_connection_file(const std::filesystem::path&, const connection_file&);

/// Refuses a file with a token that others can read.
result<connection_file> read_connection_file(const std::filesystem::path&);

/// Removes the file if it is still the one of that process. For schedulers that end.
void remove_connection_file(const std::filesystem::path&, std::int64_t pid);

/// Where a scheduler is, and what to show it.
struct scheduler_contact {
  std::string address;
  secret token = {};  ///< Empty for "local://": a program trusts itself.
};

/// `text` is an address (tcp://, unix://, local://, or host:port) or the path of a connection file;
/// empty: $TROUPE_SCHEDULER, then client.scheduler.
result<scheduler_contact> find_scheduler(const std::string& text, const config&,
                                         const environment& = process_environment());

}  // namespace troupe
