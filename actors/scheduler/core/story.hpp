#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "actors/scheduler/core/events.hpp"
#include "actors/scheduler/core/task.hpp"

namespace troupe::core {

/// What happened to tasks lately: the last changes of state of all of them, in a ring.
class story_book {
public:
  enum class speaker : std::uint8_t { nobody, client, worker };

  struct step {
    task_id task;
    time_point at;
    std::uint64_t who = 0;  ///< The client or worker that said it.
    worker_id on;           ///< For tasks that were placed.
    const char* cause = "";
    speaker said_by = speaker::nobody;
    task_state from = task_state::released;
    task_state to = task_state::released;
  };

  /// What changes is because of this from now on.
  void begin(const scheduling::event& why, time_point now);

  void note(task_id task, task_state from, task_state to) {
    steps_[next_++ % steps_kept] = {task, now_, who_, {}, cause_, said_by_, from, to};
  }

  /// The last step put the task on that worker.
  void note_worker(worker_id worker) { steps_[(next_ - 1) % steps_kept].on = worker; }

  /// Oldest first.
  std::vector<step> of(task_id) const;

private:
  static constexpr std::size_t steps_kept = std::size_t{1} << 15;

  std::vector<step> steps_ = std::vector<step>(steps_kept);
  std::uint64_t next_ = 0;
  time_point now_{};
  std::uint64_t who_ = 0;
  const char* cause_ = "";
  speaker said_by_ = speaker::nobody;
};

std::string_view to_string(task_state) noexcept;

}  // namespace troupe::core
