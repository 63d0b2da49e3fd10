#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <troupe/cluster.hpp>
#include <troupe/config.hpp>
#include <troupe/task.hpp>

#include "actors/cluster/staff.hpp"
#include "actors/runtime/runtime.hpp"

namespace troupe {

/// A scheduler, a backend and its workers: what is behind the public cluster and `troupe up`.
class running_cluster {
public:
  struct settings {
    config options;
    std::string listen;  ///< For clients and workers that are other processes.
    std::function<void(task_registry&)> register_tasks = {};
    std::string id = {};  ///< What all that it makes carries; empty: a new one.
    bool listed = false;  ///< `troupe clusters` shows it, and its name is as good as its address.
  };

  /// Throws troupe::exception if the config cannot be used.
  explicit running_cluster(settings);
  running_cluster(const running_cluster&) = delete;
  running_cluster& operator=(const running_cluster&) = delete;
  /// In order, within seconds.
  ~running_cluster();

  staff& workers() noexcept;
  /// `group` may be empty if there are none.
  void scale(const std::string& group, const cluster_size&);
  void adapt(const std::string& group, const adapt_options&);
  client connect();
  void wait_for(std::uint32_t count, std::chrono::nanoseconds);
  const std::string& address() const noexcept;
  cluster_summary summary() const;

private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace troupe
