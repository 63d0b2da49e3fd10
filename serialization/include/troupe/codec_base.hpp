#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

#include <troupe/codec_io.hpp>

namespace troupe {

/// How a C++ value becomes bytes and a value again.
///
/// Numbers, enums, bool, text, bytes, the containers and vocabulary types of std, and plain structs
/// with up to 16 members travel by themselves. For any other type, specialise:
///
///   template <>
///   struct troupe::codec<money> {
///     static void write(writer& w, const money& m) { codec<std::int64_t>::write(w, m.cents()); }
///     static money read(reader& r) { return money(codec<std::int64_t>::read(r)); }
///     static std::string signature() { return "money"; }
///   };
///
/// write() runs twice and must write the same both times, at least one byte. read() throws by
/// reader::fail(). signature() is for people, and compared: types that say the same must be
/// encoded the same. A codec may have a static constexpr std::size_t size_min: no value takes less.
template <class T>
struct codec {
  using cannot_travel = void;

  static constexpr bool never = !std::is_same_v<T, T>;

  [[noreturn]] static void refuse() {
    static_assert(never,
                  "troupe: this type cannot travel: pointers, references, C arrays, std::function "
                  "and classes do not, nor do structs with more than 16 members, a C array, a "
                  "reference or a base; use values, std::array, nested structs or troupe::bytes, "
                  "or specialise troupe::codec<T>");
  }

  static void write(writer&, const T&) { refuse(); }

  static std::conditional_t<std::is_array_v<T>, void, T> read(reader&) { refuse(); }

  static std::string signature() { refuse(); }
};

/// There is a codec for it. What is inside a container or struct is checked when it is used.
template <class T>
concept transferable = std::is_object_v<T> && !std::is_const_v<T> && !requires {
  typename codec<T>::cannot_travel;
};

namespace detail {

template <class T>
concept arithmetic = std::is_arithmetic_v<T>;

template <class T>
concept enumeration = std::is_enum_v<T>;

/// Many of them can be written as one block, as they lie in memory, and read in place.
template <class T>
concept contiguous = alignof(T) <= 8 && requires {
  requires codec<T>::contiguous;
};

template <class T>
constexpr std::size_t size_min() {
  if constexpr (requires { codec<T>::size_min; })
    return codec<T>::size_min > 0 ? codec<T>::size_min : 1;
  else
    return 1;
}

template <class T>
constexpr const char* number_word() {
  using limits = std::numeric_limits<T>;
  if constexpr (std::is_same_v<T, bool>)
    return "bool";
  else if constexpr (std::is_same_v<T, char>)
    return "char";
  else if constexpr (std::is_floating_point_v<T>)
    return limits::digits == 24 ? "f32" : limits::digits == 53 ? "f64" : "f80";
  else if constexpr (std::is_signed_v<T>)
    return sizeof(T) == 1 ? "i8" : sizeof(T) == 2 ? "i16" : sizeof(T) == 4 ? "i32" : "i64";
  else
    return sizeof(T) == 1 ? "u8" : sizeof(T) == 2 ? "u16" : sizeof(T) == 4 ? "u32" : "u64";
}

template <class T>
bool in_place(const std::byte* at) noexcept {
  return reinterpret_cast<std::uintptr_t>(at) % alignof(T) == 0;
}

template <class T>
void write_block(writer& w, const T* from, std::size_t count) {
  w.align();
  w.put(from, count * sizeof(T));
}

/// `count` has been checked against what is left.
template <class T>
const std::byte* take_block(reader& r, std::size_t count) {
  r.align();
  return r.take(count * sizeof(T), "numbers").data();
}

}  // namespace detail

}  // namespace troupe
