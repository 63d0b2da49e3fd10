#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "actors/core/slab.hpp"

namespace troupe::core {

/// Slots ordered by a key, the least on top. A key changes in O(log n), without allocation.
template <class Key>
class indexed_heap {
public:
  struct entry {
    Key key;
    std::uint32_t slot;
  };

  bool empty() const noexcept { return entries_.empty(); }

  const entry& top() const { return entries_.front(); }

  bool contains(std::uint32_t slot) const {
    return slot < positions_.size() && positions_[slot] != none;
  }

  const Key& key_of(std::uint32_t slot) const { return entries_[positions_[slot]].key; }

  /// In heap order: no entry is less than the one at half its index.
  std::span<const entry> entries() const noexcept { return entries_; }

  /// Adds the slot, or changes its key.
  void set(std::uint32_t slot, Key key) {
    if (!contains(slot)) {
      if (slot >= positions_.size()) positions_.resize(slot + 1, none);
      positions_[slot] = static_cast<std::uint32_t>(entries_.size());
      entries_.push_back(entry{key, slot});
    }
    const auto at = positions_[slot];
    entries_[at].key = key;
    sink(rise(at));
  }

  void remove(std::uint32_t slot) {
    if (!contains(slot)) return;
    const auto at = positions_[slot];
    swap_entries(at, entries_.size() - 1);
    entries_.pop_back();
    positions_[slot] = none;
    if (at < entries_.size()) sink(rise(at));
  }

private:
  void swap_entries(std::size_t a, std::size_t b) {
    if (a == b) return;
    std::swap(entries_[a], entries_[b]);
    positions_[entries_[a].slot] = static_cast<std::uint32_t>(a);
    positions_[entries_[b].slot] = static_cast<std::uint32_t>(b);
  }

  // Equal keys are ordered by slot, so that the order never depends on history.
  bool less(std::size_t a, std::size_t b) const {
    if (entries_[a].key != entries_[b].key) return entries_[a].key < entries_[b].key;
    return entries_[a].slot < entries_[b].slot;
  }

  std::size_t rise(std::size_t at) {
    while (at > 0 && less(at, (at - 1) / 2)) {
      swap_entries(at, (at - 1) / 2);
      at = (at - 1) / 2;
    }
    return at;
  }

  void sink(std::size_t at) {
    for (;;) {
      auto least = at;
      for (auto child = 2 * at + 1; child <= 2 * at + 2 && child < entries_.size(); ++child)
        if (less(child, least)) least = child;
      if (least == at) return;
      swap_entries(at, least);
      at = least;
    }
  }

  std::vector<entry> entries_;
  std::vector<std::uint32_t> positions_;
};

}  // namespace troupe::core
