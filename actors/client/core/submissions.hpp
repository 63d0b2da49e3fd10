#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "actors/core/slab.hpp"
#include "serialization/messages.hpp"

namespace troupe::core {

/// What a client has submitted and may have to submit again: each task that is not done, and what
/// those need of tasks whose futures were dropped meanwhile (orphans).
///
/// Only inputs that are not done matter: that the scheduler has said so of one means that it knows
/// it, and it cannot have heard that it was released without the submissions said before that.
///
/// `Waiting` is a function from a task to the number of its submission, or to 0 if it does not
/// wait.
class submissions {
public:
  /// The number of the new one, never 0.
  template <class Waiting>
  std::uint32_t keep(const submit_task& what, Waiting waiting) {
    for (const auto input : what.inputs)
      if (const auto number = waiting(input)) ++slots_[number - 1].dependents;
    const auto slot = slots_.add();
    slots_[slot].what = what;
    return slot + 1;
  }

  /// The task is done or has failed.
  template <class Waiting>
  void forget(std::uint32_t number, Waiting waiting) {
    // A list and not recursion: a chain of orphans can be longer than the stack is deep.
    std::vector<std::uint32_t> work{number - 1};
    while (!work.empty()) {
      const auto slot = work.back();
      work.pop_back();
      for (const auto input : slots_[slot].what.inputs) {
        if (const auto kept_number = waiting(input)) {
          --slots_[kept_number - 1].dependents;
          continue;
        }
        const auto orphan = orphans_.find(input);
        if (orphan == orphans_.end() || --slots_[orphan->second].dependents > 0) continue;
        work.push_back(orphan->second);
        orphans_.erase(orphan);
      }
      slots_.remove(slot);
    }
  }

  /// The future of a task that waits is dropped.
  template <class Waiting>
  void drop(std::uint32_t number, Waiting waiting) {
    const auto& s = slots_[number - 1];
    if (s.dependents == 0) return forget(number, waiting);
    orphans_.emplace(s.what.task, number - 1);
  }

  const submit_task& at(std::uint32_t number) const { return slots_[number - 1].what; }

  std::size_t size() const noexcept { return slots_.size(); }

  /// Their slots, by task.
  const std::map<task_id, std::uint32_t>& orphans() const noexcept { return orphans_; }

private:
  struct kept {
    submit_task what;
    std::uint32_t dependents = 0;  ///< Of those that are kept.
  };

  slab<kept> slots_;
  std::map<task_id, std::uint32_t> orphans_;
};

}  // namespace troupe::core
