#pragma once

#include <cstddef>
#include <cstdint>

#include <troupe/id.hpp>
#include <troupe/value.hpp>

#include "actors/core/slab.hpp"

namespace troupe::core {

/// Where a task is on its way.
///
///     submit ──> waiting ──> queued ──> processing ──> in_memory ──> released
///                   ^           |           |              |            |
///                   └───────────┴───────────┴── lost ──────┴── needed ──┘
///     scatter ─> arriving ──────────────────────────────> in_memory
///     any of them but in_memory and released ──> failed
///
/// A released task has no result and nobody needs one, but results that do exist were computed from
/// it: it is kept to compute them again.
enum class task_state : std::uint8_t {
  released,
  waiting,
  queued,
  processing,
  arriving,
  in_memory,
  failed,
};

inline constexpr std::size_t task_states = 7;

/// Its inputs are needed in memory.
constexpr bool unfinished(task_state s) noexcept {
  return s == task_state::waiting || s == task_state::queued || s == task_state::processing;
}

/// A result that could not be fetched so often, or a task whose inputs could not, fails: each time
/// other places were tried or it was computed again, so the network must be broken.
inline constexpr std::uint8_t misses_max = 16;

/// All that is known of one task, packed. Lists are threads through the table's slabs.
struct task {
  task_id id;  ///< No id: the slot is free.
  value arguments;
  std::uint64_t order = 0;    ///< Of submission.
  run_id run;                 ///< The last one.
  std::uint64_t size = 0;     ///< Of the result.
  std::uint32_t spec = none;  ///< None: scattered data, which cannot be computed.
  std::uint32_t lane = none;
  std::uint32_t first_input = none;  ///< Edges.
  std::uint32_t first_dependent = none;
  std::uint32_t last_dependent = none;
  std::uint32_t first_hold = none;
  std::uint32_t worker = none;    ///< Runs it, or is to get the scattered data.
  std::uint32_t next_run = none;  ///< Of the same worker.
  std::uint32_t previous_run = none;
  std::uint32_t expected_ns = 0;  ///< What the run adds to its worker's load.
  std::uint32_t missing = 0;      ///< Inputs not in memory, while waiting.
  std::uint32_t users = 0;        ///< Edges from unfinished dependents.
  std::uint32_t failures = 0;     ///< Runs that threw.
  std::uint32_t ahead = 0;        ///< So many places it may go ahead in line, see task_table.
  std::uint16_t suspicion = 0;    ///< See loss_weight.
  std::uint8_t misses = 0;        ///< How often a fetch of its inputs, or of its result, failed.
  task_state state = task_state::released;
  bool wanted : 1 = false;       ///< Its client has not released it.
  bool told : 1 = false;         ///< Its client heard task_done once.
  bool given : 1 = false;        ///< The value itself was in that.
  bool spared : 1 = false;       ///< Lost, but its client has it: only a dependent would need it.
  bool asked : 1 = false;        ///< Its client waits for a new place of the result.
  bool called_back : 1 = false;  ///< Its worker was asked to return this run.
  bool leftover = false;         ///< The worker that runs it may have a result of an earlier run.
  bool doomed : 1 = false;    ///< Lost with too many workers; waits to hear how the last one ended.
  bool delayed : 1 = false;   ///< Waits for the time of its retry; counts as missing.
  bool claimed : 1 = false;   ///< Its client came back and has named it.
  bool detached : 1 = false;  ///< Runs to its end, whoever leaves.
  bool published : 1 = false;  ///< It has a name, see dataset_book.
  bool away = false;           ///< Its run takes no thread, see run_seceded.

  /// Where it stands in line: the least goes first.
  std::uint64_t place() const noexcept { return order - ahead; }

  bool scattered() const noexcept { return spec == none; }

  /// Somebody may ask for the result.
  bool kept() const noexcept { return wanted || published; }

  bool needed() const noexcept {
    return published || (wanted && !spared) || users > 0 || (detached && unfinished(state));
  }
};

static_assert(sizeof(task) <= 160,
              "a million tasks are to fit in 200 MB, edges and holds included");

/// One use of an input by a dependent.
struct edge {
  std::uint32_t input = none;
  std::uint32_t dependent = none;
  std::uint32_t next_input = none;
  std::uint32_t next_dependent = none;
  std::uint32_t previous_dependent = none;
};

/// One result on one worker.
struct hold {
  std::uint32_t task = none;
  std::uint32_t worker = none;
  std::uint32_t next_of_task = none;
  std::uint32_t next_of_worker = none;
  std::uint32_t previous_of_worker = none;
};

}  // namespace troupe::core
