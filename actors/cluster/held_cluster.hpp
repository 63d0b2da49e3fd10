#pragma once

#include <functional>
#include <memory>
#include <string>

#include <troupe/config.hpp>
#include <troupe/task.hpp>

namespace troupe {

/// A cluster that a process of its own runs: scheduler, scaling and backend. That process is the
/// program that its workers are, on this machine or as a job of its own; it is given the whole
/// configuration by a file that only this user can read, and is found by its name.
class held_cluster {
public:
  /// Returns once it can be reached: a job may have to wait in the queue. `self_hosted`: workers
  /// are this executable. Throws troupe::exception if it cannot be started.
  held_cluster(const config&, bool self_hosted);
  held_cluster(const held_cluster&) = delete;
  held_cluster& operator=(const held_cluster&) = delete;
  /// Ends it in order, unless cluster.keep is set. If this process is killed, it ends as well.
  ~held_cluster();

  const std::string& name() const noexcept;

private:
  struct state;
  std::unique_ptr<state> state_;
};

/// What that process does, until it is told to end, or its owner is gone. Gives its exit code.
int hold_cluster(const std::string& file, const std::function<void(task_registry&)>&);

}  // namespace troupe
