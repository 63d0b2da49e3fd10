#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace troupe::core {

/// One entry per task number, found by index. Numbers are handed out in order, so entries lie close
/// together; a page goes when the last of its entries is erased, so a client that has run for
/// months costs what its live futures cost.
///
/// An Entry is small, trivially copyable, and `bool(entry)` tells whether it is in use.
template <class Entry>
class number_table {
public:
  /// The entry in use at this number, or nullptr. Good until the page goes.
  Entry* find(std::uint64_t number) noexcept {
    auto* p = page_of(number);
    return p && p->entries[number % page_size] ? &p->entries[number % page_size] : nullptr;
  }

  const Entry* find(std::uint64_t number) const noexcept {
    return const_cast<number_table*>(this)->find(number);
  }

  /// False if the number is in use already.
  bool insert(std::uint64_t number, Entry entry) {
    const auto index = static_cast<std::size_t>(number / page_size);
    if (index >= pages_.size()) pages_.resize(index + 1);
    if (!pages_[index]) pages_[index] = std::make_unique<page>();
    auto& p = *pages_[index];
    if (p.entries[number % page_size]) return false;
    p.entries[number % page_size] = entry;
    ++p.used;
    ++size_;
    return true;
  }

  void erase(std::uint64_t number) noexcept {
    auto* entry = find(number);
    if (!entry) return;
    *entry = Entry{};
    --size_;
    auto& p = pages_[static_cast<std::size_t>(number / page_size)];
    // The last page is still being filled: freeing it would make and free it for each lone task.
    if (--p->used == 0 && &p != &pages_.back()) p.reset();
  }

  std::size_t size() const noexcept { return size_; }

  /// In the order of numbers. `f(number, entry)` may change the entry, but not insert or erase.
  template <class F>
  void for_each(F f) {
    for (std::size_t i = 0; i < pages_.size(); ++i) {
      if (!pages_[i]) continue;
      for (std::size_t k = 0; k < page_size; ++k)
        if (auto& entry = pages_[i]->entries[k]) f(i * page_size + k, entry);
    }
  }

  template <class F>
  void for_each(F f) const {
    const_cast<number_table*>(this)->for_each([&](auto number, const Entry& e) { f(number, e); });
  }

private:
  static constexpr std::size_t page_size = 4096;

  struct page {
    std::array<Entry, page_size> entries{};
    std::size_t used = 0;
  };

  page* page_of(std::uint64_t number) noexcept {
    const auto index = static_cast<std::size_t>(number / page_size);
    return index < pages_.size() ? pages_[index].get() : nullptr;
  }

  std::vector<std::unique_ptr<page>> pages_;
  std::size_t size_ = 0;
};

}  // namespace troupe::core
