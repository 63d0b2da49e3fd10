#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <troupe/id.hpp>

#include "actors/core/slab.hpp"
#include "actors/scheduler/core/story.hpp"
#include "actors/scheduler/core/task.hpp"

namespace troupe::core {

/// What a worker runs and holds, as the ends of the lists through tasks and holds.
struct worker_load {
  std::uint32_t first_run = none;  ///< Oldest first; arriving data as well.
  std::uint32_t last_run = none;
  std::uint32_t first_hold = none;
  std::uint64_t results = 0;
  std::uint64_t results_bytes = 0;
};

/// Every task, with the indexes over them. Changes of state go through set_state() only.
class task_table {
public:
  explicit task_table(story_book& story) : story_(story) {}

  std::uint32_t create(task_id);

  /// No edge may lead to the task and no worker may run or hold it.
  void erase(std::uint32_t slot);

  std::uint32_t find(task_id) const;

  task& operator[](std::uint32_t slot) { return tasks_[slot]; }

  const task& operator[](std::uint32_t slot) const { return tasks_[slot]; }

  std::size_t size() const noexcept { return tasks_.size(); }

  std::uint32_t end() const noexcept { return tasks_.end(); }

  /// In the order of their numbers.
  std::vector<task_id> tasks_of(client_id) const;

  /// Keeps the counts and, for inputs, how many unfinished tasks use them.
  void set_state(std::uint32_t slot, task_state);

  std::uint64_t count(task_state s) const { return counts_[static_cast<std::size_t>(s)]; }

  /// Something is on its way.
  bool has_unfinished() const {
    return count(task_state::waiting) + count(task_state::queued) + count(task_state::processing) +
               count(task_state::arriving) >
           0;
  }

  std::uint64_t queued_in(std::uint32_t lane) const;

  void set_inputs(std::uint32_t slot, std::span<const std::uint32_t> inputs);
  void cut_inputs(std::uint32_t slot);

  const edge& edge_at(std::uint32_t e) const { return edges_[e]; }

  /// `f(slot of the input)`, in order; it may cut the edge it is at.
  template <class F>
  void for_each_input(std::uint32_t slot, F f) const {
    for (auto e = tasks_[slot].first_input; e != none;) {
      const auto input = edges_[e].input;
      e = edges_[e].next_input;
      f(input);
    }
  }

  /// `f(slot of the dependent)`, in order of submission.
  template <class F>
  void for_each_dependent(std::uint32_t slot, F f) const {
    for (auto e = tasks_[slot].first_dependent; e != none;) {
      const auto dependent = edges_[e].dependent;
      e = edges_[e].next_dependent;
      f(dependent);
    }
  }

  /// Puts the task last in what the worker runs (or is to receive).
  void attach(std::uint32_t slot, std::uint32_t worker);
  void detach(std::uint32_t slot);

  worker_load load(std::uint32_t worker) const {
    return worker < loads_.size() ? loads_[worker] : worker_load{};
  }

  std::vector<task_id> runs_of(std::uint32_t worker) const;

  /// `f(slot)`, oldest first, until it returns false.
  template <class F>
  void for_each_run(std::uint32_t worker, F f) const {
    for (auto s = load(worker).first_run; s != none; s = tasks_[s].next_run)
      if (!f(s)) return;
  }

  std::vector<task_id> held_by(std::uint32_t worker) const;

  /// False if it holds it already.
  bool add_holder(std::uint32_t slot, std::uint32_t worker);
  /// False if it does not hold it.
  bool remove_holder(std::uint32_t slot, std::uint32_t worker);
  bool held_by(std::uint32_t slot, std::uint32_t worker) const;

  /// Puts a task whose inputs are, or will soon be, in memory to its place in line: that of the
  /// first of the results that it uses up. So what uses results goes before what only makes more of
  /// them, and few lie about. Results that many tasks need stay anyhow. Never before what was
  /// submitted before the task's generation: `ahead` says until then how far that is.
  void stand_in_line(std::uint32_t slot);

  /// Brings forward, to where a result stands that waits for the task to be used up, the queued
  /// tasks that the task waits for besides. They are returned: they go to other places in line.
  std::vector<std::uint32_t> hurry_inputs(std::uint32_t slot);

  /// The worker on which all inputs that are missing will be made; none if there is no such.
  std::uint32_t maker_of_missing(std::uint32_t slot) const;

  /// Whether all that the result was made from is there, or can be made again in its turn.
  bool can_be_computed(std::uint32_t first) const;

  bool only_holder(std::uint32_t slot) const {
    const auto h = tasks_[slot].first_hold;
    return h != none && holds_[h].next_of_task == none;
  }

  /// `f(worker)`, oldest first, until it returns false.
  template <class F>
  void for_each_holder(std::uint32_t slot, F f) const {
    for (auto h = tasks_[slot].first_hold; h != none; h = holds_[h].next_of_task)
      if (!f(holds_[h].worker)) return;
  }

  void check_invariants() const;

private:
  static constexpr unsigned page_bits = 10;

  struct page {
    std::array<std::uint32_t, std::size_t{1} << page_bits> slots;
    std::uint32_t used = 0;
  };

  worker_load& load_of(std::uint32_t worker);
  void unlink_from_worker(std::uint32_t hold_slot);
  void check_lists(std::uint32_t slot) const;

  story_book& story_;
  slab<task> tasks_;
  slab<edge> edges_;
  slab<hold> holds_;
  // By id without its low bits. Clients number densely; should one not, it costs a page a task.
  std::map<std::uint64_t, page> pages_;
  mutable std::uint64_t last_page_number_ = ~std::uint64_t{0};
  mutable const page* last_page_ = nullptr;
  std::vector<worker_load> loads_;
  std::array<std::uint64_t, task_states> counts_{};
  std::vector<std::uint64_t> queued_in_;
};

}  // namespace troupe::core
