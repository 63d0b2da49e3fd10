#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include <troupe/error.hpp>

namespace troupe {

/// A value, or the error that replaced it. Member names are those of std::expected.
template <class T>
class [[nodiscard]] result {
public:
  result(T content) : state_(std::in_place_index<0>, std::move(content)) {}

  result(troupe::error why) : state_(std::in_place_index<1>, std::move(why)) {}

  bool has_value() const noexcept { return state_.index() == 0; }

  explicit operator bool() const noexcept { return has_value(); }

  T& operator*() & { return std::get<0>(state_); }

  const T& operator*() const& { return std::get<0>(state_); }

  T&& operator*() && { return std::get<0>(std::move(state_)); }

  T* operator->() { return &std::get<0>(state_); }

  const T* operator->() const { return &std::get<0>(state_); }

  const troupe::error& error() const { return std::get<1>(state_); }

  /// The value; throws troupe::exception if there is none.
  T value() && {
    if (has_value()) return std::get<0>(std::move(state_));
    throw exception(std::get<1>(std::move(state_)));
  }

  const T& value() const& {
    if (has_value()) return std::get<0>(state_);
    throw exception(std::get<1>(state_));
  }

private:
  std::variant<T, troupe::error> state_;
};

/// Nothing, or why it did not happen.
template <>
class [[nodiscard]] result<void> {
public:
  result() = default;

  result(troupe::error why) : why_(std::move(why)) {}

  bool has_value() const noexcept { return why_.code == errc::ok; }

  explicit operator bool() const noexcept { return has_value(); }

  const troupe::error& error() const { return why_; }

  /// Throws troupe::exception if it did not happen.
  void value() const {
    if (!has_value()) throw exception(why_);
  }

private:
  troupe::error why_;
};

}  // namespace troupe
