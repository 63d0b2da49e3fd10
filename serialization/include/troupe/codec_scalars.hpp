#pragma once

#include <cstddef>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include <troupe/bytes.hpp>
#include <troupe/codec_base.hpp>

namespace troupe {

template <detail::arithmetic T>
struct codec<T> {
  // The x87 type has six bytes that are never set.
  static constexpr std::size_t size_min =
      std::numeric_limits<T>::digits == 64 && std::is_floating_point_v<T> ? 10 : sizeof(T);
  static constexpr bool contiguous = !std::is_same_v<T, bool> && size_min == sizeof(T);

  static void write(writer& w, const T& v) { w.put(&v, size_min); }

  static T read(reader& r) {
    const auto from = r.take(size_min, detail::number_word<T>());
    if constexpr (std::is_same_v<T, bool>) {
      const auto found = std::to_integer<unsigned>(from[0]);
      if (found > 1) r.fail("a bool (0 or 1)", std::to_string(found));
      return found == 1;
    } else {
      T v{};
      std::memcpy(&v, from.data(), size_min);
      return v;
    }
  }

  static std::string signature() { return detail::number_word<T>(); }
};

/// Any value of the underlying type is taken, as for an enum in C++.
template <detail::enumeration T>
struct codec<T> {
  using number = codec<std::underlying_type_t<T>>;
  static constexpr std::size_t size_min = number::size_min;
  static constexpr bool contiguous = number::contiguous;

  static void write(writer& w, const T& v) {
    number::write(w, static_cast<std::underlying_type_t<T>>(v));
  }

  static T read(reader& r) { return static_cast<T>(number::read(r)); }

  static std::string signature() { return "enum<" + number::signature() + ">"; }
};

/// Reads in place: it views the bytes that it was read from.
template <>
struct codec<std::string_view> {
  static constexpr std::size_t size_min = 1;

  static void write(writer& w, const std::string_view& s) {
    w.put_size(s.size());
    w.put(s.data(), s.size());
  }

  static std::string_view read(reader& r) {
    const auto from = r.take(r.get_size(1, "text"), "text");
    return {reinterpret_cast<const char*>(from.data()), from.size()};
  }

  static std::string signature() { return "text"; }
};

template <>
struct codec<std::string> {
  static constexpr std::size_t size_min = 1;

  static void write(writer& w, const std::string& s) { codec<std::string_view>::write(w, s); }

  static std::string read(reader& r) { return std::string(codec<std::string_view>::read(r)); }

  static std::string signature() { return "text"; }
};

/// Read as a slice of the buffer that arrived: nothing is copied, and all of the buffer is kept.
template <>
struct codec<bytes> {
  static constexpr std::size_t size_min = 1;

  static void write(writer& w, const bytes& b) {
    w.put_size(b.size());
    w.align();
    w.put(b.data(), b.size());
  }

  static bytes read(reader& r) {
    const auto count = r.get_size(1, "bytes");
    r.align();
    return r.take_bytes(count, "bytes");
  }

  static std::string signature() { return "bytes"; }
};

}  // namespace troupe
