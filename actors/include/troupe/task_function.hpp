#pragma once

#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <troupe/codec.hpp>

namespace troupe::detail {

template <auto F>
consteval std::string_view pretty() {
  return __PRETTY_FUNCTION__;
}

/// The qualified name of F, e.g. "pricing::present_value". Both compilers print the same, but for
/// templates and inline namespaces.
template <auto F>
consteval std::string_view function_name() {
  auto name = pretty<F>();
  name.remove_prefix(name.find("F = ") + 4);
  // g++ goes on with what std::string_view stands for: "F = f; std::string_view = ...]".
  name = name.substr(0, name.find(';'));
  if (name.ends_with(']')) name.remove_suffix(1);
  if (name.starts_with('&')) name.remove_prefix(1);
  return name;
}

template <class T>
std::string words_of() {
  if constexpr (std::is_void_v<T>)
    return "nothing";
  else
    return codec<T>::signature();
}

template <class T>
inline constexpr bool nothing_or_transferable = std::is_void_v<T> || transferable<T>;

/// For what is not a function; task says so.
template <class F>
struct function {
  static constexpr bool free = false;
  static constexpr bool changes_arguments = false;
  static constexpr bool travels = true;
  using result = void;
  using parameters = std::tuple<>;
};

template <class R, class... P>
struct function<R (*)(P...)> {
  static constexpr bool free = true;
  static constexpr bool changes_arguments =
      ((std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>) || ...);
  static constexpr bool travels =
      nothing_or_transferable<stored_t<R>> && (transferable<stored_t<P>> && ...);
  using result = stored_t<R>;
  using parameters = std::tuple<P...>;

  static std::string signature() {
    std::string all;
    ((all += (all.empty() ? "" : ", ") + codec<stored_t<P>>::signature()), ...);
    return "(" + all + ") -> " + words_of<result>();
  }
};

template <class R, class... P>
struct function<R (*)(P...) noexcept> : function<R (*)(P...)> {};

}  // namespace troupe::detail
