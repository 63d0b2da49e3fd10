#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <caf/actor.hpp>

#include <troupe/backend.hpp>
#include <troupe/config.hpp>
#include <troupe/result.hpp>
#include <troupe/task.hpp>

#include "actors/runtime/runtime.hpp"

namespace troupe {

class home_client;
class task_table;

/// Workers that are threads of this process, for backends that want them. Thread-safe: each group
/// has an actor of its own.
class threads_here {
public:
  /// `scheduler` is the address to use within this process.
  threads_here(runtime::node&, std::string scheduler,
               std::function<void(task_registry&)> register_tasks,
               std::vector<std::string> libraries);
  /// Waits for the workers, a few seconds at most.
  ~threads_here();

  result<launch_id> launch(const launch_order&, std::uint64_t number, const worker_options&);
  /// Ends its workers, and does not wait.
  void retire(const launch_id&);

  /// Whether there has ever been one.
  bool any() const noexcept { return any_; }

private:
  struct worker {
    caf::actor actor;
    std::future<void> ended;
  };

  result<std::shared_ptr<const task_table>> tasks();

  runtime::node& node_;
  const std::string scheduler_;
  const std::function<void(task_registry&)> register_tasks_;
  const std::vector<std::string> libraries_;
  const std::shared_ptr<home_client> home_;
  std::mutex mutex_;                         ///< For what follows.
  std::shared_ptr<const task_table> tasks_;  ///< Made for the first worker; the same for all.
  std::multimap<launch_id, worker> workers_;
  std::atomic<bool> any_ = false;
};

}  // namespace troupe
