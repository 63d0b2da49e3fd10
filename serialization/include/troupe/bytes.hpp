#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

namespace detail {

inline constexpr std::size_t large_memory_min = std::size_t{256} << 10;

/// Memory from which a value of at least large_memory_min can be passed to another process of this
/// machine without a copy, with any content. Throws std::bad_alloc.
std::shared_ptr<std::byte> large_memory(std::size_t size);

}  // namespace detail

/// An immutable run of bytes, shared and sliced without copying.
///
/// Thread-safe to copy. A slice keeps the whole buffer alive. What copy() and adopt() make starts
/// on an 8-byte boundary.
class bytes {
public:
  bytes() noexcept = default;

  /// Views `view` for as long as `owner` lives.
  bytes(std::shared_ptr<const void> owner, std::span<const std::byte> view) noexcept
      : owner_(std::move(owner)), view_(view) {}

  static bytes copy(std::span<const std::byte> from) {
    if (from.empty()) return {};
    // Words for their alignment, and one allocation for all: many are small.
    auto owner = std::make_shared_for_overwrite<std::uint64_t[]>((from.size() + 7) / 8);
    std::memcpy(owner.get(), from.data(), from.size());
    const std::span view(reinterpret_cast<const std::byte*>(owner.get()), from.size());
    return {std::move(owner), view};
  }

  static bytes copy(std::string_view from) { return copy(std::as_bytes(std::span(from))); }

  static bytes adopt(std::vector<std::byte> from) {
    auto owner = std::make_shared<const std::vector<std::byte>>(std::move(from));
    std::span<const std::byte> view(*owner);
    return {std::move(owner), view};
  }

  const std::byte* data() const noexcept { return view_.data(); }

  std::size_t size() const noexcept { return view_.size(); }

  bool empty() const noexcept { return view_.empty(); }

  std::span<const std::byte> span() const noexcept { return view_; }

  std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(view_.data()), view_.size()};
  }

  auto begin() const noexcept { return view_.begin(); }

  auto end() const noexcept { return view_.end(); }

  /// The part from `offset`; both are cut to what is there.
  bytes slice(std::size_t offset, std::size_t size) const noexcept {
    offset = std::min(offset, view_.size());
    return {owner_, view_.subspan(offset, std::min(size, view_.size() - offset))};
  }

  friend bool operator==(const bytes& a, const bytes& b) noexcept {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
  }

private:
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> view_;
};

}  // namespace troupe
