#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::detail {

inline constexpr std::size_t members_max = 16;

/// Stands for any member, in unevaluated code.
struct any_member {
  template <class M>
  operator M() const;
};

template <class B, class T>
concept base_of = std::is_base_of_v<B, T> && !std::is_same_v<B, T>;

/// Stands for a base of T.
template <class T>
struct any_base {
  template <base_of<T> B>
  operator B() const;
};

template <std::size_t>
using any_member_at = any_member;

template <class T, std::size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
  return requires {
    T{any_member_at<I>{}...};
  };
}

/// How many initialisers T takes. Counted from above: members need not have defaults.
template <class T, std::size_t N = members_max + 1>
constexpr std::size_t initializers() {
  if constexpr (N == 0 || takes<T>(std::make_index_sequence<N>{}))
    return N;
  else
    return initializers<T, N - 1>();
}

/// Whether T has N members. A C array counts as many initialisers, but takes one pair of braces.
template <class T, std::size_t N>
constexpr bool takes_braces() {
  if constexpr (N == 1) return requires {
      T{{}};
    };
  if constexpr (N == 2) return requires {
      T{{}, {}};
    };
  if constexpr (N == 3) return requires {
      T{{}, {}, {}};
    };
  if constexpr (N == 4) return requires {
      T{{}, {}, {}, {}};
    };
  if constexpr (N == 5) return requires {
      T{{}, {}, {}, {}, {}};
    };
  if constexpr (N == 6) return requires {
      T{{}, {}, {}, {}, {}, {}};
    };
  if constexpr (N == 7) return requires {
      T{{}, {}, {}, {}, {}, {}, {}};
    };
  if constexpr (N == 8) return requires {
      T{{}, {}, {}, {}, {}, {}, {}, {}};
    };
  if constexpr (N == 9) return requires {
      T{{}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
  if constexpr (N == 10) return requires {
      T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
  if constexpr (N == 11) return requires {
      T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
  if constexpr (N == 12) return requires {
      T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
  if constexpr (N == 13) return requires {
      T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
  if constexpr (N == 14) return requires {
      T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
  if constexpr (N == 15) return requires {
      T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
  if constexpr (N == 16) return requires {
      T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    };
  return false;
}

template <class T>
constexpr bool members_are_plain() {
  if constexpr (std::is_empty_v<T>) {
    return true;
  } else {
    constexpr auto n = initializers<T>();
    if constexpr (n == 0 || n > members_max || requires { T{any_base<T>{}}; }) return false;
    // Without defaults braces tell nothing.
    else if constexpr (requires { T{}; })
      return takes_braces<T, n>();
    else
      return true;
  }
}

/// Not assignable means a reference or a const among its members.
template <class T>
concept plain_struct = std::is_class_v<T> && std::is_aggregate_v<T> &&
    std::is_move_assignable_v<T> && members_are_plain<T>();

template <class T>
constexpr auto tie_members(T& v) {
  constexpr auto count = std::is_empty_v<T> ? 0 : initializers<std::remove_const_t<T>>();
  if constexpr (count == 0) {
    return std::tuple<>();
  } else if constexpr (count == 1) {
    auto& [a] = v;
    return std::tie(a);
  } else if constexpr (count == 2) {
    auto& [a, b] = v;
    return std::tie(a, b);
  } else if constexpr (count == 3) {
    auto& [a, b, c] = v;
    return std::tie(a, b, c);
  } else if constexpr (count == 4) {
    auto& [a, b, c, d] = v;
    return std::tie(a, b, c, d);
  } else if constexpr (count == 5) {
    auto& [a, b, c, d, e] = v;
    return std::tie(a, b, c, d, e);
  } else if constexpr (count == 6) {
    auto& [a, b, c, d, e, f] = v;
    return std::tie(a, b, c, d, e, f);
  } else if constexpr (count == 7) {
    auto& [a, b, c, d, e, f, g] = v;
    return std::tie(a, b, c, d, e, f, g);
  } else if constexpr (count == 8) {
    auto& [a, b, c, d, e, f, g, h] = v;
    return std::tie(a, b, c, d, e, f, g, h);
  } else if constexpr (count == 9) {
    auto& [a, b, c, d, e, f, g, h, i] = v;
    return std::tie(a, b, c, d, e, f, g, h, i);
  } else if constexpr (count == 10) {
    auto& [a, b, c, d, e, f, g, h, i, j] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j);
  } else if constexpr (count == 11) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k);
  } else if constexpr (count == 12) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l);
  } else if constexpr (count == 13) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m);
  } else if constexpr (count == 14) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
  } else if constexpr (count == 15) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
  } else {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
  }
}

}  // namespace troupe::detail
