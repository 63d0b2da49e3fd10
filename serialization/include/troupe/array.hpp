#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <utility>

#include <troupe/codec.hpp>

namespace troupe {

/// A run of numbers, or of other values that travel as one block, for results and arguments that
/// are large: it lies in memory in which it can travel, so that nothing is copied when it is sent,
/// and in place where it arrived, so that nothing is copied when it is read. The same bytes as a
/// std::vector<T>, which can be sent to a task that takes an array and the other way round.
///
/// Copies share the numbers until one of them is written to. Thread-safe to copy and to read.
template <detail::contiguous T>
class array {
public:
  array() noexcept = default;

  /// Of so many numbers that are not set to anything. Throws std::bad_alloc.
  explicit array(std::size_t count) {
    if (count == 0) return;
    memory_ = make_memory(count);
    view_ = {reinterpret_cast<const T*>(memory_.get() + room), count};
  }

  array(std::size_t count, const T& all) : array(count) {
    std::uninitialized_fill_n(first(), count, all);
  }

  static array copy(std::span<const T> from) {
    array made(from.size());
    if (!from.empty()) std::memcpy(made.first(), from.data(), from.size_bytes());
    return made;
  }

  std::span<const T> span() const noexcept { return view_; }

  operator std::span<const T>() const noexcept { return view_; }

  /// To write to, until the array is copied or sent. Copies the numbers first if somebody else
  /// has them too, or if they came from elsewhere.
  std::span<T> writable() {
    if (empty()) return {};
    if (memory_.use_count() != 1) *this = copy(view_);
    return {first(), size()};
  }

  const T* data() const noexcept { return view_.data(); }

  std::size_t size() const noexcept { return view_.size(); }

  bool empty() const noexcept { return view_.empty(); }

  const T& operator[](std::size_t i) const noexcept { return view_[i]; }

  auto begin() const noexcept { return view_.begin(); }

  auto end() const noexcept { return view_.end(); }

  friend bool operator==(const array& a, const array& b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

private:
  friend struct codec<array>;

  /// Before the numbers: how many they are, as codec<std::vector<T>> writes it. The encoded form
  /// ends with the numbers, on a boundary of 8 bytes from its start.
  static constexpr std::size_t room = 16;

  static std::shared_ptr<std::byte> make_memory(std::size_t count) {
    if (count > (std::numeric_limits<std::size_t>::max() - room) / sizeof(T))
      throw std::bad_array_new_length();
    const auto size = room + count * sizeof(T);
    std::shared_ptr<std::byte> memory;
    if (size >= detail::large_memory_min) {
      memory = detail::large_memory(size);
    } else {
      auto words = std::make_shared_for_overwrite<std::uint64_t[]>((size + 7) / 8);
      memory = {words, reinterpret_cast<std::byte*>(words.get())};
    }
    writer head({memory.get() + head_offset(count), room - head_offset(count)});
    head.put_size(count);
    head.align();
    return memory;
  }

  static constexpr std::size_t head_offset(std::size_t count) { return count < 255 ? 8 : 0; }

  T* first() noexcept { return reinterpret_cast<T*>(memory_.get() + room); }

  bytes encoded() const {
    const auto offset = head_offset(size());
    return {memory_, {memory_.get() + offset, room - offset + view_.size_bytes()}};
  }

  std::shared_ptr<std::byte> memory_;  ///< Null: the numbers belong to `from_`, or there are none.
  bytes from_;
  std::span<const T> view_;
};

/// Reads in place: it keeps the whole buffer that arrived.
template <class T>
struct codec<array<T>> {
  static constexpr std::size_t size_min = 1;

  static void write(writer& w, const array<T>& v) { codec<std::span<const T>>::write(w, v); }

  static array<T> read(reader& r) {
    array<T> v;
    const auto count = r.get_size(sizeof(T), "a list");
    if (count == 0) return v;
    r.align();
    v.from_ = r.take_bytes(count * sizeof(T), "numbers");
    const auto* at = v.from_.data();
    if (detail::in_place<T>(at)) {
      v.view_ = {reinterpret_cast<const T*>(at), count};
      return v;
    }
    array<T> copied(count);
    std::memcpy(copied.first(), at, count * sizeof(T));
    return copied;
  }

  static std::string signature() { return codec<std::span<const T>>::signature(); }

  /// Without a copy where the numbers lie in memory of their own.
  static bytes encode(const void* object) {
    const auto& v = *static_cast<const array<T>*>(object);
    return v.memory_ ? v.encoded() : to_bytes(v);
  }
};

namespace detail {

template <class T>
inline constexpr value_type value_type_of<array<T>>{typeid(array<T>), &encoded_size<array<T>>,
                                                    &codec<array<T>>::encode};

}  // namespace detail

}  // namespace troupe
