#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include <troupe/config.hpp>

#include "actors/worker/core/limits.hpp"
#include "config/machine.hpp"
#include "serialization/hello.hpp"

namespace troupe {

/// Name, threads and memory that are not set: host and pid, and what this process may use of the
/// machine.
void fill_in(worker_options&);

/// What is known before it listens.
hello introduce_worker(const worker_options&);

/// For the scheduler: what it has for tasks.
void add_means(const worker_options&, hello&);

/// `own_process`: what this process uses is the worker's doing.
core::worker_limits limits_of(const worker_options&, bool own_process);

/// When a worker that starts now is to leave, if ever: its lifetime, less or more by chance.
std::optional<std::chrono::steady_clock::time_point> end_of_life(
    const worker_options&, std::chrono::steady_clock::time_point now);

/// Watches what this process uses.
class memory_watch {
public:
  explicit memory_watch(const worker_options&);

  /// In bytes. If it is much, what the process has freed goes back to the system first, or the
  /// process would seem as large as it once was.
  std::uint64_t measure();

  /// How long the process can be left alone now: as long as it takes to reach its target however
  /// fast it grows, from 100 ms to a second.
  std::chrono::milliseconds pause() const;

private:
  memory_gauge gauge_;
  std::uint64_t target_bytes_;
  std::uint64_t used_bytes_ = 0;
};

std::string out_of_memory_words(std::uint64_t used_bytes, std::uint64_t limit_bytes);

std::filesystem::path local_directory(const worker_options&);

}  // namespace troupe
