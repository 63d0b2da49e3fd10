#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <deque>
#include <list>
#include <span>
#include <string>
#include <vector>

#include <troupe/codec_base.hpp>

namespace troupe {

namespace detail {

/// Any container as a list. The same bytes for all of them, so that a vector can be read as a
/// deque.
template <class T, class List>
void write_list(writer& w, const List& list) {
  w.put_size(list.size());
  if (list.empty()) return;
  const writer::level inside(w);
  if constexpr (contiguous<T>) {
    w.align();
    for (const T& item : list)
      w.put(&item, sizeof item);
  } else {
    for (const auto& item : list)
      codec<T>::write(w, item);
  }
}

template <class T, class List>
List read_list(reader& r) {
  List list;
  const auto count = r.get_size(size_min<T>(), "a list");
  if (count == 0) return list;
  const reader::level inside(r);
  // A count that is too high but possible must not take much more memory than the bytes do.
  if constexpr (requires { list.reserve(count); })
    list.reserve(std::min(count, r.left() / sizeof(T) + 1));
  if constexpr (contiguous<T>) {
    const auto* from = take_block<T>(r, count);
    for (std::size_t i = 0; i < count; ++i, from += sizeof(T)) {
      T item;
      std::memcpy(&item, from, sizeof item);
      list.insert(list.end(), item);
    }
  } else {
    for (std::size_t i = 0; i < count; ++i)
      list.insert(list.end(), codec<T>::read(r));
  }
  return list;
}

template <class List, class T>
struct list_codec {
  static constexpr std::size_t size_min = 1;

  static void write(writer& w, const List& list) { write_list<T>(w, list); }

  static List read(reader& r) { return read_list<T, List>(r); }

  static std::string signature() { return "list<" + codec<T>::signature() + ">"; }
};

}  // namespace detail

/// Numbers and other contiguous types are written as one block and can be read in place.
template <class T, class Allocator>
struct codec<std::vector<T, Allocator>> : detail::list_codec<std::vector<T, Allocator>, T> {
  using list = std::vector<T, Allocator>;

  static void write(writer& w, const list& v) {
    if constexpr (detail::contiguous<T>) {
      w.put_size(v.size());
      if (!v.empty()) detail::write_block(w, v.data(), v.size());
    } else {
      detail::write_list<T>(w, v);
    }
  }

  static list read(reader& r) {
    if constexpr (detail::contiguous<T>) {
      const auto count = r.get_size(sizeof(T), "a list");
      if (count == 0) return {};
      const auto* from = detail::take_block<T>(r, count);
      if (detail::in_place<T>(from)) {  // Copies without setting to zero first.
        const auto* first = reinterpret_cast<const T*>(from);
        return list(first, first + count);
      }
      list v(count);
      std::memcpy(v.data(), from, count * sizeof(T));
      return v;
    } else {
      return detail::read_list<T, list>(r);
    }
  }
};

/// Reads in place: it views the bytes that it was read from.
template <class T>
struct codec<std::span<const T>> : detail::list_codec<std::span<const T>, T> {
  static void write(writer& w, const std::span<const T>& v) {
    if constexpr (detail::contiguous<T>) {
      w.put_size(v.size());
      if (!v.empty()) detail::write_block(w, v.data(), v.size());
    } else {
      detail::write_list<T>(w, v);
    }
  }

  static std::span<const T> read(reader& r) {
    static_assert(detail::contiguous<T>,
                  "troupe: only a span of numbers can be read in place; read a std::vector");
    const auto count = r.get_size(sizeof(T), "a list");
    if (count == 0) return {};
    const auto* from = detail::take_block<T>(r, count);
    if (!detail::in_place<T>(from))
      r.fail("bytes on an 8-byte boundary", "others; copy them with bytes::copy()");
    return {reinterpret_cast<const T*>(from), count};
  }
};

template <class T, class Allocator>
struct codec<std::deque<T, Allocator>> : detail::list_codec<std::deque<T, Allocator>, T> {};

template <class T, class Allocator>
struct codec<std::list<T, Allocator>> : detail::list_codec<std::list<T, Allocator>, T> {};

}  // namespace troupe
