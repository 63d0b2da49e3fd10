#pragma once

#include <cstdint>
#include <span>

#include "actors/scheduler/core/events.hpp"
#include "actors/scheduler/journal_blocks.hpp"
#include "serialization/wire.hpp"

namespace troupe {

/// A number for all that a scheduler did, in order: another one if any of it is different. Values
/// count by their encoded form.
class effect_digest {
public:
  void add(std::span<const core::scheduling::effect>);

  std::uint64_t sum() const noexcept { return sum_; }

private:
  void mix(std::uint64_t word) noexcept;
  void mix(const bytes& body) noexcept;

  wire::encoder encoder_;
  journal_writer journal_;
  std::uint64_t sum_ = 0xcbf29ce484222325u;
};

}  // namespace troupe
