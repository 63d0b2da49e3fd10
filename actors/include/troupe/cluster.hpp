#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include <troupe/client.hpp>
#include <troupe/cluster_size.hpp>
#include <troupe/config.hpp>
#include <troupe/task.hpp>

namespace troupe {

/// A cluster at one moment, for people.
struct cluster_summary {
  std::string name;
  std::string type;           ///< As cluster.type.
  std::string address;        ///< For clients on other terminals and machines.
  std::uint32_t workers = 0;  ///< That are there.
  std::uint32_t wanted = 0;   ///< Workers that there should be.
  std::uint32_t threads = 0;  ///< Of all workers that are there.
  std::uint64_t memory_bytes = 0;

  friend bool operator==(const cluster_summary&, const cluster_summary&) = default;
};

/// "cluster 'local-4711' at tcp://127.0.0.1:8786: 4 workers, 8 threads, 15.5 GiB"
std::ostream& operator<<(std::ostream&, const cluster_summary&);

/// A scheduler and its workers, as the config asks for. They end with this object. The scheduler is
/// in this process, unless cluster.scheduler says otherwise.
///
/// Thread-safe. It listens where scheduler.listen says; at the default, on any free port of the
/// loopback interface, so that two programs do not meet.
class cluster {
public:
  /// Returns as soon as workers are being started; throws troupe::exception if the config cannot be
  /// used. With `register_tasks` the workers have these tasks: those that are processes are this
  /// executable, whose main() must begin as <troupe/worker.hpp> says. Without, they are the
  /// `troupe` command with worker.libraries.
  explicit cluster(const config&, std::function<void(task_registry&)> register_tasks = {});

  /// One that runs elsewhere: `name` is its name (as `troupe clusters` shows it), its address or
  /// its connection file. Throws troupe::exception if it does not answer. The end of this object
  /// does not end it.
  static cluster attach(const std::string& name, const config& = {});

  /// Ends the workers, waiting for them a few seconds. Futures that are not ready fail. With
  /// cluster.keep the cluster goes on, for others to attach to.
  ~cluster();

  /// Ends it as the destructor does, now. Closing it again does nothing; all else throws then.
  void close();

  cluster(cluster&&) noexcept;
  cluster& operator=(cluster&&) noexcept;

  /// Waits for the first worker; throws troupe::exception with the worker's own words if none can
  /// be started, and after cluster.start_timeout in any case.
  client connect();

  /// Returns at once; workers join or leave in their own time, and those that leave first end what
  /// they run. From now on what ends is replaced, to keep this size.
  void scale(std::uint32_t workers);
  void scale(const cluster_size&);
  /// Of a cluster with groups: one of them, by its name. The others above throw then.
  void scale(const std::string& group, const cluster_size&);

  /// From now on there are as many workers as the work needs, between two limits; until scale() or
  /// another adapt().
  void adapt(const adapt_options&);
  void adapt(const std::string& group, const adapt_options&);

  /// Until so many workers are there; throws troupe::exception if that is hopeless or takes longer.
  void wait_for_workers(std::uint32_t count, std::chrono::nanoseconds timeout);

  /// Of the scheduler, for other processes.
  std::string address() const;

  cluster_summary summary() const;

  friend std::ostream& operator<<(std::ostream& out, const cluster& c) {
    return out << c.summary();
  }

private:
  struct state;
  explicit cluster(std::unique_ptr<state>);

  std::unique_ptr<state> state_;
};

}  // namespace troupe
