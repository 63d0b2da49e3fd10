#pragma once

// What the two kinds of limits share.

#include <array>
#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <sys/types.h>

#include "bench/meter.hpp"

namespace bench::limits {

/// How much is read or written at one time.
inline constexpr std::size_t chunk_size = std::size_t{256} * 1024;

/// Throws with errno if it does not hold.
void need(bool holds, const char* what);

/// The two ends of a connection, over TCP on the loopback interface or a Unix socket.
std::array<int, 2> connected_pair(bool tcp);

void write_all(int fd, const void* from, std::size_t size);

/// False at the end of the stream.
bool read_all(int fd, void* to, std::size_t size);

/// A process that runs `f`; it ends with this object, and with this process.
class forked {
public:
  explicit forked(const std::function<void()>& f);
  forked(const forked&) = delete;
  forked& operator=(const forked&) = delete;
  ~forked();

  pid_t id() const { return id_; }

private:
  pid_t id_;
};

measurement relay_roundtrip(bool tcp, const nlohmann::json& params);
measurement relay_map_noop(bool tcp, const nlohmann::json& params);

/// `how`: "tcp", "tcp-fresh", "unix" or "memfd".
measurement move_bytes(const std::string& how, const nlohmann::json& params);

}  // namespace bench::limits
