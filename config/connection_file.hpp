#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

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
  // Of a cluster, and not only a scheduler.
  std::string host = {};     ///< Where that process is.
  std::string name = {};     ///< For people.
  std::string type = {};     ///< As cluster.type.
  std::string cluster = {};  ///< The id that all it made carries.
  /// The folder of the certificates that were made for it, which are for `cluster`; may be empty.
  std::string certificates = {};

  friend bool operator==(const connection_file&, const connection_file&) = default;
};

/// Replaces the file at once: a reader sees the old or the new one, never a part.
result<void> write_connection_file(const std::filesystem::path&, const connection_file&);

/// Refuses a file with a token that others can read.
result<connection_file> read_connection_file(const std::filesystem::path&);

/// Where clusters that others may ask for by name leave their connection files, NAME.json:
/// "clusters" in the user's folder, which machines often share. Empty if there is none.
std::filesystem::path clusters_folder(const environment& = process_environment());

/// All of them, in the order of their names; files that are none are left out.
std::vector<std::pair<std::filesystem::path, connection_file>> find_clusters(
    const environment& = process_environment());

/// What this machine calls itself.
std::string host_name();

/// The process that wrote it cannot come back: it was one of this machine, and is gone.
bool owner_is_gone(const connection_file&);

/// Removes the file if it is still the one of that process. For schedulers that end.
void remove_connection_file(const std::filesystem::path&, std::int64_t pid);

/// Where a scheduler is, and what to show it.
struct scheduler_contact {
  std::string address;
  secret token = {};  ///< Empty for "local://": a program trusts itself.
  std::string type = {};
  std::string certificates = {};
  std::string peer_name = {};  ///< Whom the certificates are for, if there are any.

  /// As what the process has to be, to be let in.
  void apply(security_options&) const;
};

/// `text` is an address (tcp://, unix://, local://, or host:port), the path of a connection file,
/// or the name of a cluster; empty: $TROUPE_SCHEDULER, then client.scheduler.
result<scheduler_contact> find_scheduler(const std::string& text, const config&,
                                         const environment& = process_environment());

}  // namespace troupe
