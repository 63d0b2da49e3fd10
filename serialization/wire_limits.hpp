#pragma once

#include <cstddef>
#include <cstdint>

// What both ends must agree on; see schema/protocol.capnp. Private to wire.
namespace troupe::wire {

inline constexpr std::size_t word_bytes = sizeof(std::uint64_t);

constexpr std::size_t words_for(std::size_t size) noexcept {
  return (size + word_bytes - 1) / word_bytes;
}

/// Messages, inputs and holders that a frame may have for free; each further one needs a word.
inline constexpr std::size_t free_things_max = 16384;

/// Pointers from the root to the deepest thing.
inline constexpr int nesting_max = 16;

}  // namespace troupe::wire
