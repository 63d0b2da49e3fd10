#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <troupe/result.hpp>

namespace troupe {

class settings;

/// What the place calls a launch: a process id, a job id, a pod name.
using launch_id = std::string;

/// What comes before its number in the label of a launch of this group.
inline std::string launch_prefix(const std::string& group) {
  return group.empty() ? std::string() : group + "-";
}

/// What the cluster and its workers call a launch: "17", in a group "gpu-17".
inline std::string launch_label(const std::string& group, std::uint64_t launch) {
  return launch_prefix(group) + std::to_string(launch);
}

/// Launches to be made, all alike: a job array where the place has them.
///
/// A launch is what a place starts and ends as a whole: a process, a job, a pod. It holds one or
/// more workers, all on one machine.
///
/// A worker that finds the number of an open pipe in TROUPE_LIFELINE_FD ends as soon as nobody has
/// the other end open: so workers on this machine end with their owner, even if it is killed.
struct launch_order {
  /// The launches are first, first + 1, ... A cluster never uses a number again.
  std::uint64_t first = 1;
  std::uint32_t count = 1;
  std::string cluster;        ///< Everything that is created carries this, so that it can be found.
  std::string group;          ///< Of alike workers within the cluster; may be empty.
  std::string name;           ///< How the names of jobs and workers begin, for people.
  std::string scheduler;      ///< Address that the workers connect to.
  std::uint32_t workers = 1;  ///< Of each launch.
  std::uint32_t threads = 1;  ///< Of each worker.
  std::uint64_t memory_bytes = 0;  ///< Of each worker.
  /// Program and arguments of each worker. They hold all of the above, but which launch and which
  /// worker it is: that comes by identity().
  std::vector<std::string> command;
  /// To be added to the environment of each worker. May hold secrets: never put it on a command
  /// line, or into a file that others can read.
  std::map<std::string, std::string> environment;

  std::string label(std::uint64_t launch) const { return launch_label(group, launch); }

  /// "NAME-17" for people: a launch, and its worker if it has one only.
  std::string launch_name(std::uint64_t launch) const {
    return name + "-" + std::to_string(launch);
  }

  /// "NAME-17" if that launch has one worker, else "NAME-17-0", "NAME-17-1", ...
  std::string worker_name(std::uint64_t launch, std::uint32_t worker) const {
    return launch_name(launch) + (workers > 1 ? "-" + std::to_string(worker) : "");
  }

  /// The variables that tell one worker which it is, to be set beside `environment`.
  std::map<std::string, std::string> identity(std::uint64_t launch, std::uint32_t worker) const {
    return {{"TROUPE_LAUNCH", label(launch)}, {"TROUPE_WORKER__NAME", worker_name(launch, worker)}};
  }
};

/// Why a launch is gone that should not be.
enum class launch_failure {
  none,             ///< It is not, or nothing is known.
  rejected,         ///< The place refused it after it had accepted the order.
  never_scheduled,  ///< It was taken from the queue without ever having run.
  failed_to_start,  ///< It ran, but could not start its workers.
  walltime,         ///< Its time was over.
  preempted,
  out_of_memory,
  node_failure,
  cancelled,  ///< By somebody else.
  exit_code,  ///< It ended by itself, and not well.
};

/// How the place sees one launch.
struct launch_status {
  using time_point = std::chrono::system_clock::time_point;

  enum class phase {
    pending,   ///< In a queue.
    starting,  ///< It has its machine, and does not run yet.
    running,   ///< As far as the place can tell; whether workers have joined is seen elsewhere.
    gone,
  };
  launch_id id;
  phase at = phase::pending;
  std::string detail = {};   ///< Of a launch that is gone: how it ended, and its last words.
  bool in_order = false;     ///< Of a launch that is gone: it ended because it wanted to.
  std::uint64_t launch = 0;  ///< Its number; 0 if the place has no means to keep it.
  std::string reason = {};   ///< Of a pending launch, in words: why it waits.
  bool impossible = false;   ///< Of a pending launch: it can never start as it is.
  std::optional<time_point> start_estimate = std::nullopt;  ///< Of a pending launch.
  std::optional<time_point> deadline = std::nullopt;  ///< When the place will end it: its walltime.
  launch_failure failure = launch_failure::none;      ///< Of a launch that is gone.

  friend bool operator==(const launch_status&, const launch_status&) = default;
};

/// A place where workers can run. It obeys; how many workers there should be is decided elsewhere.
///
/// Made, called and destroyed by one thread, and may block. Its destructor ends what it launched,
/// unless keep() was called.
class backend {
public:
  virtual ~backend() = default;

  /// Returns once the place has accepted the launches: their ids, in the order of their numbers.
  /// Fewer ids than were ordered say that the others were not accepted; an error, that none was.
  /// The workers connect by themselves, later.
  virtual result<std::vector<launch_id>> launch(const launch_order&) = 0;

  /// Asks the place to end them, and does not wait. Ending what is already gone is a success.
  virtual result<void> retire(const std::vector<launch_id>&) = 0;

  /// All launches of this cluster and group that the place still knows, also those that another
  /// process has ordered. One that is gone is listed once as such, if the place can tell how it
  /// ended; one that is not listed is gone.
  virtual result<std::vector<launch_status>> survey() = 0;

  /// Something has happened to a launch: the next surveys should tell what is so now. For places
  /// that are asked less often than survey() is called.
  virtual void look_closely() {}

  /// Exactly what launch() would give to the place, for people to read. Values of the environment
  /// are not shown.
  virtual result<std::string> preview(const launch_order&) = 0;

  /// From now on what runs outlives this object and this process.
  virtual result<void> keep() {
    return error{errc::bad_config,
                 "the workers of this place end with the process that owns the cluster; a cluster "
                 "that stays needs cluster.scheduler = \"process\" or \"job\""};
  }
};

/// services::group of a launch that is no worker: the cluster's scheduler, as a job of its own.
inline constexpr const char* scheduler_group = "scheduler";

/// What a backend may use of the program that owns the cluster, and what it has to know of it.
struct services {
  /// One line for whoever operates the cluster.
  std::function<void(const std::string&)> log;
  /// Starts the workers of one launch in this process, for places that need no other, and ends
  /// them, not waiting.
  std::function<result<launch_id>(const launch_order&, std::uint64_t launch)> launch_here;
  std::function<void(const launch_id&)> retire_here;
  std::string cluster = {};  ///< The id in all orders, for surveys before the first of them.
  std::string group = {};
};

/// One value of `cluster.type`. `make` reads its own section, [cluster.<type>]; keys in there that
/// it does not ask for are an error.
struct backend_kind {
  std::string type;
  result<std::unique_ptr<backend>> (*make)(settings&, const services&);
  /// Workers run on other machines: the scheduler listens for them, with certificates of its own if
  /// none are configured.
  bool remote = false;
};

/// The kinds that `cluster.type` can name.
class backend_registry {
public:
  virtual ~backend_registry() = default;

  /// Throws troupe::exception if the type is taken.
  virtual void add(backend_kind) = 0;
};

}  // namespace troupe
