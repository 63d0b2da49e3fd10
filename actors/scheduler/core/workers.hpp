#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include <troupe/id.hpp>

#include "actors/core/slab.hpp"
#include "actors/scheduler/core/catalog.hpp"
#include "actors/scheduler/core/indexed_heap.hpp"
#include "serialization/messages.hpp"

namespace troupe::core {

/// Which workers a peer has heard of.
class acquaintances {
public:
  /// True if the peer did not know the worker before.
  bool meet(worker_id worker) {
    const auto at = worker.value / 64;
    const auto bit = std::uint64_t{1} << worker.value % 64;
    if (at >= bits_.size()) bits_.resize(at + 1);
    if (bits_[at] & bit) return false;
    bits_[at] |= bit;
    return true;
  }

private:
  std::vector<std::uint64_t> bits_;
};

struct worker_record {
  worker_id id;  ///< No id: the slot is free.
  std::shared_ptr<const hello> who;
  std::uint32_t group = none;
  std::uint32_t threads = 1;
  std::uint32_t runs = 0;     ///< Assigned and not ended.
  std::uint64_t work_ns = 0;  ///< What they are expected to take, on one thread.
  std::uint64_t runs_assigned = 0;
  std::uint64_t runs_finished = 0;
  std::uint64_t memory_used_bytes = 0;
  std::uint64_t spilled_bytes = 0;
  worker_state state = worker_state::running;
  std::chrono::steady_clock::time_point excused_until{};  ///< Its loss before that is our doing.
  amounts total;
  amounts free;
  acquaintances knows;
  std::uint32_t late = 0;     ///< Looks in a row at which its runs had waited too long.
  bool idle = false;          ///< Has a thread without a run.
  bool crowded = false;       ///< Has more runs than threads.
  bool held_back = false;     ///< It came back and has not told yet what it runs.
  std::set<task_id> refused;  ///< Of what it has told so far: runs that it had to give up.
};

/// Who is here and who has room: for as many runs as it has threads, and beyond that for about
/// `prefetch` of work on each thread, so that short tasks come in thousands and long ones singly.
class worker_table {
public:
  explicit worker_table(std::chrono::nanoseconds prefetch);

  std::uint32_t add(worker_id, std::shared_ptr<const hello>, std::uint32_t group);
  void remove(std::uint32_t slot);

  /// None if it is not here (any more).
  std::uint32_t find(worker_id id) const {
    return id.value < slots_.size() ? slots_[id.value] : none;
  }

  worker_record& operator[](std::uint32_t slot) { return workers_[slot]; }

  const worker_record& operator[](std::uint32_t slot) const { return workers_[slot]; }

  std::size_t size() const noexcept { return workers_.size(); }

  std::uint32_t end() const noexcept { return workers_.end(); }

  void begin_run(std::uint32_t slot, std::uint32_t expected_ns, const amounts& needs);
  void end_run(std::uint32_t slot, std::uint32_t expected_ns, const amounts& needs);

  void set_group(std::uint32_t slot, std::uint32_t group);

  /// Who is held back has no room.
  void hold_back(std::uint32_t slot, bool);

  /// The worker that is this process; none if there is none.
  std::uint32_t find_process(const uuid& process) const {
    const auto at = processes_.find(process);
    return at == processes_.end() ? none : at->second;
  }

  /// Only a running worker has room.
  void set_state(std::uint32_t slot, worker_state);

  /// Its resources stay taken.
  void leave_thread(std::uint32_t slot, std::uint32_t expected_ns);
  void take_thread(std::uint32_t slot, std::uint32_t expected_ns);

  bool has_room(std::uint32_t slot) const { return key_of(workers_[slot]) < full_; }

  /// How many have less to do than they could, and more than they can.
  std::uint32_t idle() const { return idle_; }

  std::uint32_t crowded() const { return crowded_; }

  /// About how much work its idle threads would be given.
  std::uint64_t spare_ns(std::uint32_t slot) const {
    const auto& w = workers_[slot];
    return (full_ - busy_key + 1) * (w.threads - w.runs);
  }

  /// From now on it is given no more runs than it has threads, until it has ended one.
  void note_late(std::uint32_t slot);
  void note_finished(std::uint32_t slot);

  /// Whether it may be given a run that has to wait there longer than prefetch.
  bool takes_runs(std::uint32_t slot) const {
    const auto& w = workers_[slot];
    return w.state == worker_state::running && !w.held_back &&
           w.runs < w.threads + (w.late ? 0 : prefetched_max);
  }

  /// Room for a run that cannot begin yet. The threads that are idle now have to stay free for
  /// others, and while somebody has much less to do, all that comes of what is made here must not
  /// follow it here.
  bool can_plan_for(std::uint32_t slot) const;

  bool group_has_room(std::uint32_t group) const {
    return group < groups_.size() && !groups_[group].empty() && groups_[group].top().key < full_;
  }

  bool has_free(std::uint32_t slot, const amounts& needs) const;
  bool could_have(std::uint32_t slot, const amounts& needs) const;

  /// Of those groups; none if all are empty.
  std::uint32_t least_loaded(std::span<const std::uint32_t> groups) const;

  /// Whether one more of many short runs may as well go to this one as to the least loaded.
  /// `share`: what each worker gets of the runs that are ready.
  bool nearly_as_free(std::uint32_t slot, std::uint32_t least, std::uint64_t share_ns) const;

  /// One with room and those resources free; none if there is none.
  std::uint32_t find_free(std::span<const std::uint32_t> groups, const amounts& needs) const;

  /// How long a new run would wait for a thread, about.
  std::uint64_t wait_ns(std::uint32_t slot) const;

  /// The next in turn, a running one if there is any; none if there is nobody.
  std::uint32_t next_in_turn();

  void check_invariants() const;

private:
  /// Keys below are of workers with idle threads, by how many of them are busy; above, by work.
  static constexpr std::uint64_t busy_key = 1u << 20;

  /// Runs that a worker may have beyond its threads, however short they are.
  static constexpr std::uint32_t prefetched_max = 4096;

  static bool is_idle(const worker_record&);
  std::uint64_t key_of(const worker_record&) const;
  void reorder(std::uint32_t slot);

  std::uint64_t full_;
  slab<worker_record> workers_;
  std::vector<std::uint32_t> slots_;  ///< By id.
  std::map<uuid, std::uint32_t> processes_;
  std::vector<indexed_heap<std::uint64_t>> groups_;  ///< Workers by key_of().
  std::uint32_t turn_ = 0, idle_ = 0, crowded_ = 0;
};

}  // namespace troupe::core
