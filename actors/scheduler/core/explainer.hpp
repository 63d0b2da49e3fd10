#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/scheduler/core/catalog.hpp"
#include "actors/scheduler/core/story.hpp"
#include "actors/scheduler/core/tasks.hpp"
#include "actors/scheduler/core/workers.hpp"
#include "serialization/story.hpp"

namespace troupe::core {

using error_ptr = std::shared_ptr<const error>;

/// Says in words what people ask about tasks.
class explainer {
public:
  explainer(const task_table& tasks, const worker_table& workers, const catalog& what,
            const std::map<std::uint32_t, error_ptr>& errors)
      : tasks_(tasks), workers_(workers), catalog_(what), errors_(errors) {}

  /// Of the function.
  const std::string& name_of(std::uint32_t slot) const;

  /// Why the task does not go on; empty if it does not have to.
  std::string why(std::uint32_t slot) const;
  std::string why_queued(std::uint32_t lane) const;

  task_story tell(task_id, const story_book&, time_point now) const;

  /// What is on its way and does not wait for other tasks, a line each.
  std::vector<std::string> unfinished() const;

private:
  std::string worker_name(worker_id) const;
  std::string task_text(std::uint32_t slot) const;

  const task_table& tasks_;
  const worker_table& workers_;
  const catalog& catalog_;
  const std::map<std::uint32_t, error_ptr>& errors_;
  std::string data_name_ = "scattered data";  ///< Where a task has a function.
};

}  // namespace troupe::core
