#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <troupe/id.hpp>

namespace troupe {

/// Raised when an older peer could not understand us. Peers of different versions refuse each
/// other.
inline constexpr std::uint16_t protocol_version = 2;

enum class role : std::uint8_t { client, worker, observer, scheduler };

/// Identity of a process: random, made at its start. Never derived from the machine, because
/// containers share pids and network addresses.
using uuid = std::array<std::uint8_t, 16>;

struct task_signature {
  std::string name;
  std::string signature;  ///< In words, e.g. "(text, f64) -> f64"; see codec.hpp.

  friend bool operator==(const task_signature&, const task_signature&) = default;
};

/// Who is calling. Checked by the acceptor before any actor hears of the connection.
struct hello {
  std::uint16_t version = protocol_version;
  role as = role::client;
  uuid process{};
  std::string name;  ///< For people: a worker's name, a client's program.
  std::string host;
  std::uint32_t pid = 0;
  std::string release;  ///< Version of troupe, for people.
  std::string token;    ///< The cluster's shared secret.
  std::string address;  ///< Where a worker serves its results; empty for others.
  std::string launch;   ///< What the backend calls the launch that made this worker, if any.
  std::uint32_t threads = 0;
  std::uint64_t memory_bytes = 0;
  std::map<std::string, double> resources;
  std::vector<task_signature> tasks;  ///< What a worker can run.
  /// Of who comes back after its connection broke: the session of the scheduler that it was with,
  /// and for a client the id that it had there.
  uuid session{};
  client_id client = {};

  friend bool operator==(const hello&, const hello&) = default;
};

}  // namespace troupe
