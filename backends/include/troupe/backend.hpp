#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <troupe/result.hpp>

namespace troupe {

class settings;

/// What the backend calls a launch: a process id, a job id, a pod name.
using launch_id = std::string;

/// What one worker is to be, and how to start it.
///
/// A worker that finds the number of an open pipe in TROUPE_LIFELINE_FD ends as soon as nobody has
/// the other end open: so workers on this machine end with their owner, even if it is killed.
struct worker_order {
  std::string name;       ///< For people; no two launches of a cluster have the same.
  std::string launch;     ///< What the cluster calls the launch.
  std::string scheduler;  ///< Address that the worker connects to.
  std::uint32_t threads = 1;
  std::uint64_t memory_bytes = 0;
  /// Program and arguments; they hold all of the above already.
  std::vector<std::string> command;
  /// To be added to the worker's environment. May hold secrets: never put it on a command line.
  std::map<std::string, std::string> environment;
};

struct launch_status {
  enum class phase { pending, running, gone };
  launch_id id;
  phase at = phase::pending;
  std::string detail = {};  ///< Of a launch that is gone: how it ended, and its last words.
  bool in_order = false;    ///< Of a launch that is gone: it ended because it wanted to.

  friend bool operator==(const launch_status&, const launch_status&) = default;
};

/// A place where workers can run. It obeys; how many workers there should be is decided elsewhere.
///
/// Made, called and destroyed by one thread, and may block. Its destructor ends what it launched.
class backend {
public:
  virtual ~backend() = default;

  /// Returns once the place has accepted the order. The worker connects by itself, later.
  virtual result<launch_id> launch(const worker_order&) = 0;

  /// Asks the place to end it, and does not wait. Ending what is already gone is a success.
  virtual result<void> retire(const launch_id&) = 0;

  /// All launches that the place still knows. One that is gone is listed once as such, if the
  /// place can tell how it ended; one that is not listed is gone.
  virtual result<std::vector<launch_status>> survey() = 0;
};

/// What a backend may use of the program that owns the cluster.
struct services {
  /// One line for whoever operates the cluster.
  std::function<void(const std::string&)> log;
  /// Starts a worker in this process, for places that need no other, and ends it, not waiting.
  std::function<result<launch_id>(const worker_order&)> launch_here;
  std::function<void(const launch_id&)> retire_here;
};

/// One value of `cluster.type`. `make` reads its own section, [cluster.<type>]; keys in there that
/// it does not ask for are an error.
struct backend_kind {
  std::string type;
  result<std::unique_ptr<backend>> (*make)(settings&, const services&);
};

/// The kinds that `cluster.type` can name.
class backend_registry {
public:
  virtual ~backend_registry() = default;

  /// Throws troupe::exception if the type is taken.
  virtual void add(backend_kind) = 0;
};

}  // namespace troupe
