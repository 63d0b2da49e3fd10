#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <caf/actor.hpp>

#include <troupe/config.hpp>
#include <troupe/error.hpp>

#include "actors/runtime/runtime.hpp"
#include "actors/worker/home_client.hpp"
#include "actors/worker/libraries.hpp"

namespace troupe {

/// How a worker ended.
struct worker_end {
  enum class kind : std::uint8_t {
    in_order,       ///< The scheduler or runtime::stop() said so, and what ran has been reported.
    unusable,       ///< It cannot listen where it should; nobody was asked.
    not_connected,  ///< No scheduler answered in time, or it refused us.
    scheduler_lost,
    another_scheduler,  ///< It was away, and at the address is one that does not know it.
  };
  kind how = kind::in_order;
  error why = {};  ///< Unless in order.
  /// Functions were still running after the grace. Their threads end when the functions return, and
  /// the actor with them; a process that cannot wait leaves with _exit().
  bool still_running = false;
};

/// Why a worker process ends itself in the middle of its work.
enum class sudden_end : std::uint8_t { killed, out_of_memory };

struct worker_settings {
  std::string scheduler;    ///< Its address in full: tcp://, unix:// or local://.
  std::string launch = {};  ///< What the backend calls the launch that made this worker.
  /// Name, threads and memory that are not set are filled in: host and pid, and what this process
  /// may use of the machine.
  worker_options options = {};
  std::shared_ptr<const task_table> tasks;
  /// Attempts to connect are repeated, at growing intervals, for so long.
  std::chrono::nanoseconds connect_for = std::chrono::seconds(30);
  /// For functions that run when the worker has to end before they do.
  std::chrono::nanoseconds grace = std::chrono::seconds(2);
  /// For tasks that submit tasks; closed by who made it, not on an actor's thread.
  std::shared_ptr<home_client> home = {};
  /// Ends the process at once; called on the actor's thread. Empty: there is more in this process
  /// than the worker, and what the process uses is not its doing.
  std::function<void(sudden_end, const std::string& why)> kill = {};
  /// Called once, on the actor's thread; must not block.
  std::function<void(const worker_end&)> on_end = {};
};

/// A worker: it connects to the scheduler, carries what is said to core::worker, runs functions on
/// the threads of an executor, and serves results to whoever connects to its own address.
///
/// runtime::stop() ends it in order: what runs is finished and reported, for at most `grace`; then
/// the connection to the scheduler is closed, which tells it. Its actor ends after the last
/// function has returned.
///
/// A worker that loses the scheduler keeps its results and goes on with what it runs, and tries to
/// find it again for options.scheduler_grace; then it ends. One in the same process is not waited
/// for.
caf::actor spawn_worker(runtime::node&, worker_settings);

}  // namespace troupe
