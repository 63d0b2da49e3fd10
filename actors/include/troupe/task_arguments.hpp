#pragma once

#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <troupe/codec.hpp>
#include <troupe/id.hpp>
#include <troupe/task_function.hpp>

namespace troupe {

template <class T>
class future;

namespace detail {

// --- Which arguments fit ----------------------------------------------------------------------

template <class A>
struct later {
  static constexpr bool one = false;
  static constexpr bool many = false;
};

template <class T>
struct later<future<T>> {
  static constexpr bool one = true;
  static constexpr bool many = false;
  using type = T;
};

template <class T, class Allocator>
struct later<std::vector<future<T>, Allocator>> {
  static constexpr bool one = false;
  static constexpr bool many = true;
  using type = std::vector<T>;
};

template <class A, class P>
consteval bool fits() {
  using when = later<std::remove_cvref_t<A>>;
  if constexpr (when::one || when::many)
    return std::same_as<typename when::type, stored_t<P>>;
  else
    return std::convertible_to<A, stored_t<P>> || std::convertible_to<A, std::remove_cvref_t<P>>;
}

template <class Parameters, class Arguments>
inline constexpr bool all_fit = false;

/// Whether arguments of types A (with their references) can be passed to parameters P.
template <class... P, class... A>
inline constexpr bool all_fit<std::tuple<P...>, std::tuple<A...>> = [] {
  if constexpr (sizeof...(P) == sizeof...(A))
    return (fits<A, P>() && ...);
  else
    return false;
}();

// --- How arguments travel -----------------------------------------------------------------------

/// The argument is input `number` of the task.
struct input_at {
  std::size_t number = 0;
};

/// The argument is a list of the inputs from `first`.
struct inputs_from {
  std::size_t first = 0;
  std::size_t count = 0;
};

template <class T>
input_at add_input(const future<T>& f, std::vector<task_id>& inputs) {
  const task_id id = f.id();
  if (!id)
    throw exception({errc::bad_argument,
                     "a future of no task was passed as an argument; assign one to it first"});
  inputs.push_back(id);
  return {inputs.size() - 1};
}

/// One argument: the value itself, or which inputs it is made of.
template <class Held>
struct argument {
  std::variant<Held, input_at, inputs_from> what;
};

/// An object of the caller, encoded without being copied first.
template <class T>
struct borrowed {
  const T* object;
};

/// How the argument A for parameter P is held while it is encoded.
template <class P, class A>
consteval auto held_for_encoding() {
  using given = std::remove_cvref_t<A>;
  using stored = stored_t<P>;
  using parameter = std::remove_cvref_t<P>;
  if constexpr (std::same_as<given, stored>)
    return std::type_identity<borrowed<stored>>();
  else if constexpr (!std::same_as<parameter, stored> && std::convertible_to<A, parameter>)
    return std::type_identity<parameter>();  // A view.
  else
    return std::type_identity<stored>();
}

template <class P, class A>
using held_for_encoding_t = typename decltype(held_for_encoding<P, A>())::type;

template <class P, class Held, class A>
argument<Held> hold(A&& a, std::vector<task_id>& inputs) {
  using given = std::remove_cvref_t<A>;
  using when = later<given>;
  using parameter = std::remove_cvref_t<P>;
  if constexpr (when::one) {
    return {add_input(a, inputs)};
  } else if constexpr (when::many) {
    const inputs_from list{inputs.size(), a.size()};
    for (const auto& one : a)
      add_input(one, inputs);
    return {list};
  } else if constexpr (std::same_as<Held, borrowed<given>>) {
    return {borrowed<given>{&a}};
  } else if constexpr (std::convertible_to<A, Held>) {
    return {std::variant<Held, input_at, inputs_from>(std::in_place_index<0>,
                                                      static_cast<Held>(std::forward<A>(a)))};
  } else {
    const parameter view = std::forward<A>(a);
    return {Held(view.begin(), view.end())};
  }
}

/// All arguments as one value, and after `inputs` the ids of the futures among them. `encode`: the
/// value is to leave this process; otherwise it holds the objects themselves.
template <auto F, class... A>
value pack_arguments(bool encode, std::vector<task_id>& inputs, A&&... a) {
  using parameters = typename function<decltype(F)>::parameters;
  static_assert(all_fit<parameters, std::tuple<A&&...>>,
                "troupe: pass values that convert to the task's parameters, or futures of exactly "
                "those types");
  if constexpr (all_fit<parameters, std::tuple<A&&...>>) {
    return [&]<class... P>(std::type_identity<std::tuple<P...>>) {
      // Braces: from left to right, so that inputs are in order.
      if (!encode)
        return make_value(std::tuple<argument<stored_t<P>>...>{
            hold<P, stored_t<P>>(std::forward<A>(a), inputs)...});
      return value(to_bytes(std::tuple<argument<held_for_encoding_t<P, A>>...>{
          hold<P, held_for_encoding_t<P, A>>(std::forward<A>(a), inputs)...}));
    }(std::type_identity<parameters>{});
  } else {
    return {};
  }
}

}  // namespace detail

template <class T>
struct codec<detail::borrowed<T>> {
  static void write(writer& w, const detail::borrowed<T>& b) { codec<T>::write(w, *b.object); }
};

template <class Held>
struct codec<detail::argument<Held>> {
  using what = codec<decltype(detail::argument<Held>::what)>;

  static void write(writer& w, const detail::argument<Held>& a) { what::write(w, a.what); }

  static detail::argument<Held> read(reader& r) { return {what::read(r)}; }
};

}  // namespace troupe
