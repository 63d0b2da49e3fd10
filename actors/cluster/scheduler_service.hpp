#pragma once

#include <functional>
#include <memory>
#include <string>

#include <caf/actor.hpp>

#include <troupe/result.hpp>

#include "actors/runtime/runtime.hpp"
#include "actors/scheduler/scheduler_actor.hpp"

namespace troupe {

/// A scheduler that can be reached: its actor, its listeners and its connection file. All end with
/// this object; the node must outlive it.
class scheduler_service {
public:
  struct settings {
    std::string name;    ///< Of the cluster.
    std::string listen;  ///< Where to; scheduler.interface replaces its host.
    std::function<void(const worker_change&)> on_change = {};
    std::function<owner_view()> owner = {};  ///< Called on the scheduler's thread, as is on_load.
    std::function<void(core::scheduling::scheduler_load)> on_load = {};
    std::function<void(const steer_cluster&)> on_steer = {};
  };

  static result<std::unique_ptr<scheduler_service>> start(runtime::node&, settings);

  scheduler_service(const scheduler_service&) = delete;
  scheduler_service& operator=(const scheduler_service&) = delete;
  ~scheduler_service();

  /// How a launch has ended that this cluster made.
  void launch_ended(const std::string& launch, const std::string& how) const;
  /// The workers of this launch are to leave.
  void drain(const std::string& launch) const;
  /// Answered by on_load.
  void ask_load() const;

  /// For others, and for this process.
  const std::string& address() const noexcept;
  const std::string& local_address() const noexcept;

private:
  struct state;
  explicit scheduler_service(std::unique_ptr<state>);

  std::unique_ptr<state> state_;
};

}  // namespace troupe
