#pragma once

#include <array>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <ratio>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <troupe/codec_base.hpp>
#include <troupe/codec_scalars.hpp>

namespace troupe {

namespace detail {

template <class Period>
std::string unit_words() {
  if (std::is_same_v<Period, std::nano>) return "ns";
  if (std::is_same_v<Period, std::micro>) return "us";
  if (std::is_same_v<Period, std::milli>) return "ms";
  if (std::is_same_v<Period, std::ratio<1>>) return "s";
  return std::to_string(Period::num) + "/" + std::to_string(Period::den) + "s";
}

template <std::size_t I, class Variant>
Variant read_alternative(reader& r) {
  return Variant(std::in_place_index<I>, codec<std::variant_alternative_t<I, Variant>>::read(r));
}

}  // namespace detail

template <class T, std::size_t N>
struct codec<std::array<T, N>> {
  static constexpr std::size_t size_min = N == 0 ? 1 : N * detail::size_min<T>();
  static constexpr bool contiguous = N > 0 && detail::contiguous<T>;

  static void write(writer& w, const std::array<T, N>& v) {
    if constexpr (contiguous) {
      detail::write_block(w, v.data(), N);
    } else {
      if (N == 0) w.put("", 1);
      for (const auto& item : v)
        codec<T>::write(w, item);
    }
  }

  static std::array<T, N> read(reader& r) {
    if constexpr (contiguous) {
      std::array<T, N> v;
      std::memcpy(v.data(), detail::take_block<T>(r, N), sizeof v);
      return v;
    } else {
      if (N == 0) r.take(1, "nothing");
      return read_items(r, std::make_index_sequence<N>{});
    }
  }

  static std::string signature() {
    return "array<" + codec<T>::signature() + "," + std::to_string(N) + ">";
  }

private:
  template <std::size_t... I>
  static std::array<T, N> read_items(reader& r, std::index_sequence<I...>) {
    return {(static_cast<void>(I), codec<T>::read(r))...};
  }
};

template <class T>
struct codec<std::optional<T>> {
  static constexpr std::size_t size_min = 1;

  static void write(writer& w, const std::optional<T>& v) {
    codec<bool>::write(w, v.has_value());
    if (v) codec<T>::write(w, *v);
  }

  static std::optional<T> read(reader& r) {
    if (!codec<bool>::read(r)) return {};
    return codec<T>::read(r);
  }

  static std::string signature() { return "optional<" + codec<T>::signature() + ">"; }
};

template <class... T>
struct codec<std::variant<T...>> {
  static_assert(sizeof...(T) < 256, "troupe: a variant that travels has at most 255 alternatives");
  using variant = std::variant<T...>;
  static constexpr std::size_t size_min = 1;

  static void write(writer& w, const variant& v) {
    if (v.valueless_by_exception())
      throw exception({errc::bad_argument, "a variant without a value cannot travel"});
    codec<std::uint8_t>::write(w, static_cast<std::uint8_t>(v.index()));
    std::visit([&w](const auto& x) { codec<std::remove_cvref_t<decltype(x)>>::write(w, x); }, v);
  }

  static variant read(reader& r) {
    const auto index = codec<std::uint8_t>::read(r);
    if (index >= sizeof...(T))
      r.fail("one of " + std::to_string(sizeof...(T)) + " alternatives", std::to_string(index));
    return read_at(r, index, std::index_sequence_for<T...>{});
  }

  static std::string signature() {
    std::string all;
    ((all += (all.empty() ? "" : ",") + codec<T>::signature()), ...);
    return "variant<" + all + ">";
  }

private:
  template <std::size_t... I>
  static variant read_at(reader& r, std::size_t index, std::index_sequence<I...>) {
    using read_function = variant (*)(reader&);
    static constexpr read_function table[] = {&detail::read_alternative<I, variant>...};
    return table[index](r);
  }
};

template <class Rep, class Period>
struct codec<std::chrono::duration<Rep, Period>> {
  using duration = std::chrono::duration<Rep, Period>;
  static constexpr std::size_t size_min = detail::size_min<Rep>();
  static constexpr bool contiguous = detail::contiguous<Rep>;

  static void write(writer& w, const duration& v) { codec<Rep>::write(w, v.count()); }

  static duration read(reader& r) { return duration(codec<Rep>::read(r)); }

  static std::string signature() {
    // Two programs that count in different units must not understand each other.
    return "duration<" + codec<Rep>::signature() + "," + detail::unit_words<Period>() + ">";
  }
};

template <class Clock, class Duration>
struct codec<std::chrono::time_point<Clock, Duration>> {
  using time_point = std::chrono::time_point<Clock, Duration>;
  static constexpr std::size_t size_min = detail::size_min<Duration>();
  static constexpr bool contiguous = detail::contiguous<Duration>;

  static void write(writer& w, const time_point& v) {
    codec<Duration>::write(w, v.time_since_epoch());
  }

  static time_point read(reader& r) { return time_point(codec<Duration>::read(r)); }

  static std::string signature() { return "time<" + codec<Duration>::signature() + ">"; }
};

template <class T>
struct codec<std::complex<T>> {
  static constexpr std::size_t size_min = 2 * detail::size_min<T>();
  static constexpr bool contiguous = detail::contiguous<T>;

  static void write(writer& w, const std::complex<T>& v) {
    codec<T>::write(w, v.real());
    codec<T>::write(w, v.imag());
  }

  static std::complex<T> read(reader& r) {
    const auto real = codec<T>::read(r);
    return {real, codec<T>::read(r)};
  }

  static std::string signature() { return "complex<" + codec<T>::signature() + ">"; }
};

}  // namespace troupe
