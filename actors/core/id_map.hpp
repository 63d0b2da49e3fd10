#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "serialization/check.hpp"

namespace troupe::core {

/// Values by id, in one flat array. Ids that were handed out one after the other lie side by side,
/// so what goes through in their order is found in the processor's caches: with std::unordered_map
/// the stores of two workers took a fifth of the time of a no-op.
///
/// References are good until the next put() or erase().
template <class Id, class Value>
class id_map {
public:
  std::size_t size() const noexcept { return size_; }

  Value* find(Id id) noexcept {
    if (size_ == 0) return nullptr;
    auto& s = slots_[place_of(id)];
    return s.id ? &s.content : nullptr;
  }

  const Value* find(Id id) const noexcept { return const_cast<id_map*>(this)->find(id); }

  /// What is there now, and whether it is new: what was there before stays. No id is zero.
  std::pair<Value&, bool> put(Id id, Value content) {
    check(static_cast<bool>(id), "zero is no id");
    if ((size_ + 1) * 4 > slots_.size() * 3) resize(std::max(slots_.size() * 2, slots_min));
    auto& s = slots_[place_of(id)];
    const bool fresh = !s.id;
    if (fresh) {
      s = {id, std::move(content)};
      ++size_;
    }
    return {s.content, fresh};
  }

  /// False if it was not here.
  bool erase(Id id) {
    if (size_ == 0) return false;
    auto gap = place_of(id);
    if (!slots_[gap].id) return false;
    --size_;
    // What lies behind it moves up, unless that is before the place where it is looked for first.
    for (auto at = next(gap); slots_[at].id; at = next(at)) {
      const auto home = home_of(slots_[at].id);
      if (((at - home) & mask()) < ((at - gap) & mask())) continue;
      slots_[gap] = std::move(slots_[at]);
      gap = at;
    }
    slots_[gap] = {};
    if (size_ * 8 < slots_.size() && slots_.size() > slots_min) resize(slots_.size() / 2);
    return true;
  }

  /// `f(id, value)` for all, in an order that nothing may depend on: for checks, or to be sorted.
  template <class F>
  void for_each(F f) const {
    for (const auto& s : slots_)
      if (s.id) f(s.id, s.content);
  }

private:
  struct slot {
    Id id;
    Value content{};
  };

  static constexpr std::size_t block = 16;  ///< So many neighbours stay together.
  static constexpr std::size_t slots_min = 4 * block;

  std::size_t mask() const noexcept { return slots_.size() - 1; }

  std::size_t next(std::size_t at) const noexcept { return (at + 1) & mask(); }

  std::size_t home_of(Id id) const noexcept {
    // Fibonacci hashing of the block's number.
    const auto mixed = (id.value / block * 0x9E3779B97F4A7C15u) >> 20;
    return (mixed * block + id.value % block) & mask();
  }

  /// Where it is, or would be put.
  std::size_t place_of(Id id) const noexcept {
    auto at = home_of(id);
    while (slots_[at].id && slots_[at].id != id)
      at = next(at);
    return at;
  }

  void resize(std::size_t slots) {
    auto old = std::exchange(slots_, {});
    slots_.resize(slots);
    for (auto& s : old)
      if (s.id) slots_[place_of(s.id)] = std::move(s);
  }

  std::vector<slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace troupe::core
