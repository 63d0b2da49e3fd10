#pragma once

#include <cstddef>
#include <cstdint>

#include <troupe/id.hpp>
#include <troupe/value.hpp>

#include "actors/core/id_map.hpp"

namespace troupe::core {

/// The results that a worker holds: its own, fetched inputs, and scattered data.
///
/// What is put first stays: a task computed twice must not show two faces. References are good
/// until the next put() or drop().
class store {
public:
  /// Gives back what is kept: `content`, or what was here before it.
  const value& put(task_id, value content);

  /// Null if it is not here.
  const value* find(task_id) const;

  /// False if it was not here.
  bool drop(task_id);

  std::size_t size() const noexcept { return results_.size(); }

  /// Of all results in their encoded form.
  std::uint64_t bytes() const noexcept { return bytes_; }

private:
  id_map<task_id, value> results_;
  std::uint64_t bytes_ = 0;
};

}  // namespace troupe::core
