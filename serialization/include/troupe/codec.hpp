#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <troupe/bytes.hpp>
#include <troupe/codec_base.hpp>
#include <troupe/codec_lists.hpp>
#include <troupe/codec_maps.hpp>
#include <troupe/codec_scalars.hpp>
#include <troupe/codec_structs.hpp>
#include <troupe/codec_sums.hpp>
#include <troupe/value.hpp>

namespace troupe {

// What can travel, and how to teach it a type of your own: see troupe::codec in codec_base.hpp.

namespace detail {

/// Runs `write` twice: to count, and into a buffer of exactly that size, from which a large value
/// need not be copied again.
template <class Write>
bytes encode_with(const Write& write) {
  writer counting;
  write(counting);
  const auto size = counting.size();
  std::shared_ptr<std::byte> memory;
  if (size >= large_memory_min) {
    memory = large_memory(size);
  } else {
    auto words = std::make_shared_for_overwrite<std::uint64_t[]>((size + 7) / 8);
    memory = {words, reinterpret_cast<std::byte*>(words.get())};
  }
  const std::span<std::byte> out(memory.get(), size);
  writer filling(out);
  write(filling);
  filling.finish();
  return {std::move(memory), out};
}

}  // namespace detail

template <transferable T>
bytes to_bytes(const T& v) {
  return detail::encode_with([&v](writer& w) { codec<T>::write(w, v); });
}

/// Throws exception with errc::bad_bytes unless `from` is exactly one T. What is read in place
/// (span, string_view) views `from`, and needs it to start on an 8-byte boundary.
template <transferable T>
T from_bytes(const bytes& from) {
  reader r(from);
  T v = codec<T>::read(r);
  r.finish();
  return v;
}

namespace detail {

/// What is kept of a parameter or result: views become what they view.
template <class T>
struct stored {
  using type = T;
};

template <class E>
struct stored<std::span<const E>> {
  using type = std::vector<E>;
};

template <>
struct stored<std::string_view> {
  using type = std::string;
};

template <class T>
using stored_t = typename stored<std::remove_cvref_t<T>>::type;

/// What an encoded one is decoded to: views again, where the bytes can be used in place.
template <class T>
struct viewed {
  using type = T;
};

template <class E>
struct viewed<std::span<const E>> {
  using type = std::conditional_t<contiguous<E>, std::span<const E>, std::vector<E>>;
};

template <class T>
using viewed_t = typename viewed<std::remove_cvref_t<T>>::type;

template <class T>
std::size_t encoded_size(const void* object) {
  writer counting;
  codec<T>::write(counting, *static_cast<const T*>(object));
  return counting.size();
}

template <class T>
bytes encode(const void* object) {
  return to_bytes(*static_cast<const T*>(object));
}

template <class T>
inline constexpr value_type value_type_of{typeid(T), &encoded_size<T>, &encode<T>};

/// The same bytes, copied if that is what it takes to read them in place.
inline bytes aligned(bytes b) {
  if (reinterpret_cast<std::uintptr_t>(b.data()) % 8 == 0) return b;
  return bytes::copy(b.span());
}

}  // namespace detail

/// A typed value: encoded only if it has to leave this process.
template <class T>
value make_value(T&& object) {
  using stored = std::remove_cvref_t<T>;
  static_assert(std::is_same_v<stored, detail::stored_t<stored>>,
                "troupe: a view cannot be kept: make the value from what it views");
  return {std::make_shared<const stored>(std::forward<T>(object)), detail::value_type_of<stored>};
}

/// A copy of the object, or what its bytes decode to. Throws exception with errc::bad_bytes.
template <class T>
T value_as(const value& from) {
  static_assert(std::is_same_v<T, std::remove_cv_t<T>> &&
                    (std::is_void_v<T> || std::is_same_v<T, detail::stored_t<T>>),
                "troupe: the value may go before a view of it does: ask for what it views");
  if constexpr (!std::is_void_v<T>) {
    if (const T* object = from.get_if<T>()) return *object;
    return from_bytes<T>(from.encoded());
  }
}

}  // namespace troupe
