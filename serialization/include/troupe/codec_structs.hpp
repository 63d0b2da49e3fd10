#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <troupe/codec_base.hpp>
#include <troupe/codec_members.hpp>

namespace troupe {

namespace detail {

/// `write`, `read` and `signature` of several values one after the other.
template <class... T>
struct sequence {
  static constexpr std::size_t size_min() {
    return sizeof...(T) == 0 ? 1 : (std::size_t{0} + ... + detail::size_min<T>());
  }

  static void write(writer& w, const T&... v) {
    (codec<T>::write(w, v), ...);
    // Everything takes a byte, so that no count of things can be larger than the bytes they are in.
    if constexpr (sizeof...(T) == 0) w.put("", 1);
  }

  template <class Whole>
  static Whole read(reader& r) {
    if constexpr (sizeof...(T) == 0) r.take(1, "nothing");
    return Whole{codec<T>::read(r)...};  // Braces: from left to right.
  }

  static std::string signature() {
    std::string all;
    ((all += (all.empty() ? "" : ",") + codec<T>::signature()), ...);
    return all;
  }
};

template <class Tie>
struct members_of;

template <class... M>
struct members_of<std::tuple<M&...>> {
  using type = sequence<std::remove_const_t<M>...>;
  static constexpr std::size_t bytes = (std::size_t{0} + ... + sizeof(M));
  static constexpr bool contiguous = (detail::contiguous<std::remove_const_t<M>> && ...);
};

}  // namespace detail

/// A plain struct: its members one after the other.
template <detail::plain_struct T>
struct codec<T> {
  using tie = decltype(detail::tie_members(std::declval<T&>()));
  using members = typename detail::members_of<tie>::type;
  static constexpr std::size_t size_min = members::size_min();
  /// Nothing but numbers and no padding: many of them are written as one block.
  static constexpr bool contiguous = std::is_trivially_copyable_v<T> && !std::is_empty_v<T> &&
                                     detail::members_of<tie>::contiguous &&
                                     detail::members_of<tie>::bytes == sizeof(T);

  static void write(writer& w, const T& v) {
    std::apply([&w](const auto&... member) { members::write(w, member...); },
               detail::tie_members(v));
  }

  static T read(reader& r) { return members::template read<T>(r); }

  static std::string signature() {
    // A struct may hold a list of itself.
    static thread_local bool inside = false;
    if (inside) return "struct{..}";
    inside = true;
    auto words = "struct{" + members::signature() + "}";
    inside = false;
    return words;
  }
};

template <class... T>
struct codec<std::tuple<T...>> {
  static constexpr std::size_t size_min = detail::sequence<T...>::size_min();

  static void write(writer& w, const std::tuple<T...>& v) {
    std::apply([&w](const T&... item) { detail::sequence<T...>::write(w, item...); }, v);
  }

  static std::tuple<T...> read(reader& r) {
    return detail::sequence<T...>::template read<std::tuple<T...>>(r);
  }

  static std::string signature() { return "tuple<" + detail::sequence<T...>::signature() + ">"; }
};

template <class A, class B>
struct codec<std::pair<A, B>> {
  static constexpr std::size_t size_min = detail::sequence<A, B>::size_min();

  static void write(writer& w, const std::pair<A, B>& v) {
    detail::sequence<A, B>::write(w, v.first, v.second);
  }

  static std::pair<A, B> read(reader& r) {
    return detail::sequence<A, B>::template read<std::pair<A, B>>(r);
  }

  static std::string signature() { return "tuple<" + detail::sequence<A, B>::signature() + ">"; }
};

}  // namespace troupe
