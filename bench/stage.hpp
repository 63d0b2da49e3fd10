#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "bench/meter.hpp"

namespace bench {

/// What a run is started with.
struct setup {
  /// "threads": all in this process. "processes": the scheduler here, workers are processes. "sep":
  /// scheduler and workers are processes, as for a cluster that many programs share.
  std::string mode;
  troupe::config options;
  std::vector<std::string> settings;  ///< `--set KEY=VALUE` …, for processes of mode "sep".
};

/// A process that ends with this object, or with this program.
class child {
public:
  explicit child(const std::vector<std::string>& command);
  child(child&& other) noexcept : id_(other.id_) { other.id_ = 0; }
  child& operator=(child&&) = delete;
  ~child();

  pid_t id() const { return id_; }

private:
  pid_t id_ = 0;
};

enum class warmth { cold, warm };

/// Scheduler, workers with one thread each, and one client, as the mode says.
class stage {
public:
  /// Warm: returns when so many workers are there, and have run 200 tasks each.
  stage(const setup&, std::uint32_t workers, warmth = warmth::warm);

  /// One more, in mode "sep", once it runs tasks.
  void add_worker();

  const troupe::client& client() const { return *client_; }

  /// In mode "threads" and "processes" the scheduler and the client are one process, "here".
  processes who() const;

  /// Process ids of the workers that answer.
  std::set<pid_t> workers() const;

  std::uint32_t size() const { return size_; }

  /// Of the scheduler.
  const std::string& address() const { return address_; }

private:
  std::vector<std::string> worker_command() const;
  void warm_up() const;

  setup how_;
  std::uint32_t size_;
  std::string address_;  ///< In mode "sep" the path of the connection file.
  std::optional<child> scheduler_;
  std::vector<child> staff_;
  std::optional<troupe::cluster> cluster_;
  std::optional<troupe::client> client_;
};

/// The executable `name` of this build's folder.
std::string program(const std::string& name);

/// A folder that goes with the program.
const std::string& temporary_folder();

}  // namespace bench
