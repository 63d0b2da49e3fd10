#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "serialization/messages.hpp"

namespace troupe::wire {

/// Limits of the tables below; both ends of a connection must apply the same.
inline constexpr std::size_t specs_max = 65536;
inline constexpr std::size_t spec_bytes_max = std::size_t{16} << 20;

/// What a spec counts for against spec_bytes_max.
std::size_t spec_bytes(const task_spec&) noexcept;

/// The sender's half of a connection's specs: which number was given to which.
///
/// Known by address first, which is cheap, and by content second, so that a caller who makes a new
/// spec for each task does not define a new number for each.
class spec_numbers {
public:
  /// The number of this spec, given now if it has none. Nothing if it has none and the table is
  /// full: then forget(), and tell the other end to do so.
  std::optional<std::uint32_t> find_or_add(const spec_ptr&);

  /// How many have a number; the next one gets this.
  std::size_t size() const noexcept { return by_content_.size(); }

  void forget() noexcept;

private:
  struct content_hash {
    std::size_t operator()(const spec_ptr&) const noexcept;
  };

  struct content_equal {
    bool operator()(const spec_ptr& a, const spec_ptr& b) const noexcept { return *a == *b; }
  };

  struct known {
    spec_ptr keep;  // So that no other spec gets this address.
    std::uint32_t number = 0;
  };

  std::unordered_map<const task_spec*, known> by_address_;
  std::unordered_map<spec_ptr, std::uint32_t, content_hash, content_equal> by_content_;
  std::size_t bytes_ = 0;
};

/// The receiver's half: which spec has which number.
class spec_table {
public:
  /// False if the sender should have said forget() before.
  bool add(spec_ptr);

  /// Null if nothing has this number.
  const spec_ptr* find(std::uint64_t number) const noexcept {
    return number < specs_.size() ? &specs_[number] : nullptr;
  }

  void forget() noexcept;

private:
  std::vector<spec_ptr> specs_;
  std::size_t bytes_ = 0;
};

}  // namespace troupe::wire
