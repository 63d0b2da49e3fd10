#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

namespace troupe::core {

/// Slots by order, the least first. Most are pushed in order, which costs a deque's push; the
/// others go to a heap.
class order_queue {
public:
  struct entry {
    std::uint64_t order = 0;
    std::uint32_t slot = 0;
    std::uint32_t tie = 0;  ///< Of those of one order the least goes first.

    friend bool operator<(const entry& a, const entry& b) {
      return a.order != b.order ? a.order < b.order : a.tie < b.tie;
    }
  };

  bool empty() const noexcept { return in_order_.empty() && late_.empty(); }

  void push(entry e) {
    if (in_order_.empty() || in_order_.back() < e) {
      in_order_.push_back(e);
    } else {
      late_.push_back(e);
      std::push_heap(late_.begin(), late_.end(), later);
    }
  }

  /// There must be one.
  const entry& front() const { return late_first() ? late_.front() : in_order_.front(); }

  void pop() {
    if (!late_first()) return in_order_.pop_front();
    std::pop_heap(late_.begin(), late_.end(), later);
    late_.pop_back();
  }

private:
  static bool later(const entry& a, const entry& b) { return b < a; }

  bool late_first() const {
    if (late_.empty()) return false;
    return in_order_.empty() || late_.front() < in_order_.front();
  }

  std::deque<entry> in_order_;
  std::vector<entry> late_;
};

}  // namespace troupe::core
