#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace troupe::core {

/// A number for "no slot": of a task, a worker, a lane and so on.
inline constexpr std::uint32_t none = 0xffffffffu;

/// Objects by small numbers that are used again after remove(). In chunks, so that references stay
/// good and growth never copies what is there.
template <class T>
class slab {
public:
  std::uint32_t add() {
    if (!free_.empty()) {
      const auto slot = free_.back();
      free_.pop_back();
      return slot;
    }
    if (end_ % chunk_size == 0) chunks_.push_back(std::make_unique<T[]>(chunk_size));
    return end_++;
  }

  void remove(std::uint32_t slot) {
    (*this)[slot] = T{};
    free_.push_back(slot);
  }

  T& operator[](std::uint32_t slot) { return chunks_[slot / chunk_size][slot % chunk_size]; }

  const T& operator[](std::uint32_t slot) const {
    return chunks_[slot / chunk_size][slot % chunk_size];
  }

  std::size_t size() const noexcept { return end_ - free_.size(); }

  /// All slots in use are below this.
  std::uint32_t end() const noexcept { return end_; }

private:
  static constexpr std::uint32_t chunk_size = 1024;

  std::vector<std::unique_ptr<T[]>> chunks_;
  std::vector<std::uint32_t> free_;
  std::uint32_t end_ = 0;
};

}  // namespace troupe::core
