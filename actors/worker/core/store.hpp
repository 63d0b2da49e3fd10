#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <utility>
#include <vector>

#include <troupe/id.hpp>
#include <troupe/value.hpp>

#include "actors/core/id_map.hpp"

namespace troupe::core {

/// The results that a worker holds: its own, fetched inputs, and scattered data. Some of them are
/// on disk and not in memory.
///
/// What is put first stays: a task computed twice must not show two faces. References are good
/// until the next put() or drop().
///
///     put --> in memory --spill()--> being written --written()--> on disk --loaded()--> in memory,
///                 ^                       |                                 with the file kept
///                 +------ not_written() --+
class store {
public:
  /// Of a file, never used again.
  using file_number = std::uint64_t;

  struct to_write {
    task_id task;
    file_number file = 0;
    value content;
    std::uint64_t size = 0;  ///< Of the content.
  };

  /// Gives back what is kept: `content`, or what was here before it.
  const value& put(task_id, value content);

  /// Null if it is not in memory. Else it is the one used last.
  const value* find(task_id);

  /// In memory or on disk.
  bool holds(task_id task) const { return results_.find(task) != nullptr; }

  /// Its file, if it is not in memory.
  std::optional<file_number> on_disk(task_id) const;

  struct dropped {
    bool held = false;
    file_number file = 0;  ///< Not needed any more; 0: none.
  };

  dropped drop(task_id);

  /// Takes what was not used for longest out of memory. Nothing if there is nothing that is worth
  /// it. Without a file number it was on disk already, and is out of memory now.
  std::optional<to_write> spill();

  /// False if it was dropped meanwhile: the file is not needed.
  bool written(task_id, file_number, std::uint64_t disk_bytes);
  void not_written(task_id, file_number);
  void loaded(task_id, value content);

  std::size_t size() const noexcept { return results_.size(); }

  /// All that it holds, in memory or on disk, in the order of tasks, with their sizes.
  std::vector<std::pair<task_id, std::uint64_t>> all() const;

  /// Of all results in their encoded form.
  std::uint64_t bytes() const noexcept { return bytes_; }

  /// Of those in memory, and of them those that are being written.
  std::uint64_t memory_bytes() const noexcept { return memory_bytes_; }

  std::uint64_t writing_bytes() const noexcept { return writing_bytes_; }

  /// What files take.
  std::uint64_t disk_bytes() const noexcept { return disk_bytes_; }

  void check_invariants() const;

private:
  enum class place : std::uint8_t { memory, writing, disk };

  struct result {
    value content;
    std::uint64_t size = 0;
    std::uint64_t disk_bytes = 0;
    file_number file = 0;  ///< That has it or is to get it; 0: none.
    place at = place::memory;
    std::list<task_id>::iterator use = {};  ///< If in memory and worth a file.
  };

  static bool listed(const result& r);
  void list(task_id, result&);
  void unlist(result&);

  id_map<task_id, result> results_;
  std::list<task_id> used_;  ///< In memory, used last at the end.
  std::uint64_t bytes_ = 0;
  std::uint64_t memory_bytes_ = 0;
  std::uint64_t writing_bytes_ = 0;
  std::uint64_t disk_bytes_ = 0;
  file_number last_file_ = 0;
};

}  // namespace troupe::core
