#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

namespace processes {

// Tasks that the workers of these tests know.

std::int64_t square(std::int64_t x);
std::int64_t square_slowly(std::int64_t x, std::int64_t us);
std::int64_t add(std::int64_t a, std::int64_t b);
std::int64_t sum(const std::vector<std::int64_t>& all);
std::vector<double> ramp(std::int64_t size);
double total(const std::vector<double>& values);
std::int64_t explode(std::int64_t x);
double total_of(std::span<const double> a, std::span<const double> b);
/// Values that the worker has got by mapping a file so far; it has these.
std::int64_t mapped_here(std::span<const double> a, std::span<const double> b);

std::int64_t process_number();

/// Those of nested_test.cpp, memory_test.cpp and leaving_test.cpp.
void register_nested(troupe::task_registry&);
void register_memory(troupe::task_registry&);
void register_leaving(troupe::task_registry&);
void register_tasks(troupe::task_registry&);

/// A cluster of worker processes on loopback, with a secret of its own.
troupe::config config(std::uint32_t workers);

/// Processes that this one has started and that still run.
std::vector<pid_t> children();

bool alive(pid_t);

/// Looks again and again until it holds; false if it never did within the time.
bool eventually(std::chrono::milliseconds within, const std::function<bool()>& holds);

/// Runs the `troupe` command and gives back its exit code and what it printed, both streams.
struct outcome {
  int exit_code = -1;
  std::string out;
  std::string err;
};

outcome run_troupe(const std::vector<std::string>& arguments);

/// A worker process that nobody but this object ends.
class running_worker {
public:
  explicit running_worker(pid_t pid) : pid_(pid) {}

  running_worker(running_worker&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}

  running_worker& operator=(running_worker&&) = delete;
  ~running_worker();

  pid_t pid() const noexcept { return pid_; }

private:
  pid_t pid_;
};

/// This test program in another role, see main.cpp; ended as a worker is.
running_worker start_role(const std::vector<std::string>& arguments);

/// In the role `--publisher`: publishes what dataset_test.cpp looks for, and waits to be killed.
int be_publisher(const char* address);

/// This test program as a worker with these arguments, and with the secret of config().
running_worker start_worker(const std::vector<std::string>& arguments);

/// The `troupe` command, ended as a worker is.
running_worker start_troupe(const std::vector<std::string>& arguments);

/// A process of this test program in the role `--owner`: starts a cluster, prints the pids of its
/// workers in one line, and waits to be killed.
int be_owner(const char* scheduler);

}  // namespace processes
