#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <troupe/codec.hpp>
#include <troupe/task_arguments.hpp>

namespace troupe::detail {

[[noreturn]] inline void bad_inputs(std::size_t wanted, std::size_t found) {
  throw exception({errc::bad_bytes, "the arguments name input " + std::to_string(wanted) +
                                        " of the task, which has " + std::to_string(found)});
}

template <class T>
inline constexpr bool is_vector = false;

template <class E, class Allocator>
inline constexpr bool is_vector<std::vector<E, Allocator>> = true;

template <class E>
std::vector<E> gather(std::span<const value> from) {
  std::vector<E> all;
  all.reserve(from.size());
  for (const value& one : from)
    all.push_back(value_as<E>(one));
  return all;
}

/// One parameter of a task while its function runs. Uses objects in place where they have the type,
/// and bytes in place where P is a view.
template <class P>
class slot {
public:
  using stored = stored_t<P>;
  using viewed = viewed_t<P>;
  using parameter = std::remove_cvref_t<P>;

  slot(const argument<stored>& typed, std::span<const value> inputs) {
    if (const auto* object = std::get_if<0>(&typed.what))
      shared_ = object;
    else
      use_inputs(typed, inputs);
  }

  slot(argument<viewed>&& decoded,
       std::span<const value> inputs) requires(!std::same_as<viewed, stored>) {
    if (const auto* from = std::get_if<0>(&decoded.what))
      view_ = *from;
    else
      use_inputs(decoded, inputs);
  }

  slot(argument<viewed>&& decoded,
       std::span<const value> inputs) requires std::same_as<viewed, stored> {
    if (auto* object = std::get_if<0>(&decoded.what))
      own_ = std::move(*object);
    else
      use_inputs(decoded, inputs);
  }

  decltype(auto) pass() {
    if constexpr (!std::same_as<parameter, stored>) {
      return view_ ? *view_ : parameter(object());
    } else if constexpr (std::is_lvalue_reference_v<P>) {
      return object();
    } else {
      return own_ ? stored(std::move(*own_)) : stored(*shared_);
    }
  }

private:
  using view = std::conditional_t<std::same_as<parameter, stored>, std::monostate, parameter>;

  const stored& object() const { return own_ ? *own_ : *shared_; }

  template <class Held>
  void use_inputs(const argument<Held>& a, std::span<const value> inputs) {
    if (const auto* one = std::get_if<1>(&a.what)) {
      if (one->number >= inputs.size()) bad_inputs(one->number, inputs.size());
      use_input(inputs[one->number]);
    } else {
      const auto& [first, count] = std::get<2>(a.what);
      if (first > inputs.size() || count > inputs.size() - first)
        bad_inputs(first + count, inputs.size());
      use_list(inputs.subspan(first, count));
    }
  }

  void use_input(const value& input) {
    if ((shared_ = input.get_if<stored>())) return;
    bytes_ = aligned(input.encoded());
    if constexpr (std::same_as<parameter, viewed> && !std::same_as<viewed, stored>)
      view_ = from_bytes<viewed>(bytes_);
    else
      own_ = from_bytes<stored>(bytes_);
  }

  void use_list(std::span<const value> inputs) {
    if constexpr (is_vector<stored>)
      own_ = gather<typename stored::value_type>(inputs);
    else
      throw exception(
          {errc::bad_bytes, "the arguments have a list where the task takes one value"});
  }

  const stored* shared_ = nullptr;  ///< Somebody else's object.
  std::optional<stored> own_;
  std::optional<view> view_;  ///< Of bytes_ or of the encoded arguments.
  bytes bytes_;
};

template <auto F, class Arguments, class... P>
value call_task(Arguments&& arguments, std::span<const value> inputs,
                std::type_identity<std::tuple<P...>>) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    std::tuple<slot<P>...> slots{
        slot<P>(std::get<I>(std::forward<Arguments>(arguments)), inputs)...};
    using result = typename function<decltype(F)>::result;
    if constexpr (std::is_void_v<result>) {
      F(std::get<I>(slots).pass()...);
      return value();
    } else {
      return make_value(result(F(std::get<I>(slots).pass()...)));
    }
  }
  (std::index_sequence_for<P...>{});
}

template <auto F, class... P>
value run_with(const value& arguments, std::span<const value> inputs,
               std::type_identity<std::tuple<P...>> parameters) {
  using typed = std::tuple<argument<stored_t<P>>...>;
  if (const typed* objects = arguments.get_if<typed>())
    return call_task<F>(*objects, inputs, parameters);
  const bytes encoded = aligned(arguments.encoded());
  return call_task<F>(from_bytes<std::tuple<argument<viewed_t<P>>...>>(encoded), inputs,
                      parameters);
}

/// task_entry::run
template <auto F>
value run_task(const value& arguments, std::span<const value> inputs) {
  using parameters = typename function<decltype(F)>::parameters;
  return run_with<F>(arguments, inputs, std::type_identity<parameters>{});
}

}  // namespace troupe::detail
