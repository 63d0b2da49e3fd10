#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "actors/core/slab.hpp"
#include "actors/worker/core/events.hpp"

namespace troupe::core {

/// A run that was given to this worker.
struct local_run {
  enum class phase : std::uint8_t { waiting, ready, executing, cancelled };

  run_id id;  ///< No id: the slot is free.
  task_id task;
  spec_ptr spec;
  value arguments;
  std::vector<task_id> inputs;
  std::vector<value> values;  ///< Of the inputs, as far as they are here.
  std::vector<working::awaited_input> awaits;
  std::uint64_t order = 0;    ///< Of arrival.
  std::uint32_t missing = 0;  ///< Inputs that are neither here nor awaited.
  phase at = phase::waiting;
  bool makes_input = false;  ///< Runs here need its result.
  bool away = false;         ///< Executing, or cancelled, without taking a thread's place.
  time_point due{};          ///< While executing with a timeout.
};

static_assert(sizeof(local_run) <= 208, "thousands wait on each worker");

/// One input of one run.
struct input_need {
  std::uint32_t run = none;
  std::uint32_t position = 0;

  friend auto operator<=>(const input_need&, const input_need&) = default;
};

/// An input that is not here yet: one peer is being asked for it, or a run here makes it.
struct input_fetch {
  std::uint64_t size = 0;
  worker_id asking;              ///< No id: a run here makes it.
  std::vector<worker_id> next;   ///< To be asked, best last.
  std::vector<worker_id> asked;  ///< In vain.
  std::set<input_need> needs;
  std::uint64_t in_flight = 0;        ///< Bytes that count as such; 0: small, or it waits its turn.
  bool loading = false;               ///< From disk: it has been asked for.
  bool for_keeps = false;             ///< Wanted here though nothing needs it.
  std::vector<std::uint64_t> askers;  ///< Who else wants it, if it comes from disk.
  bool keep = true;                   ///< False: dropped meanwhile, so it is for these runs only.
};

/// Somebody who may be asked.
struct fetch_peer {
  std::string address;
  bool known = false;  ///< The shell has been told.
  std::set<task_id> fetching;
  /// To be fetched from it, with their turns; some may not be wanted any more.
  std::deque<std::pair<std::uint64_t, task_id>> waiting;
  std::uint64_t in_flight = 0;  ///< Bytes.
};

}  // namespace troupe::core
