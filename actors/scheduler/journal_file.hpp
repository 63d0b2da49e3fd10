#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <troupe/result.hpp>

#include "actors/scheduler/core/journal.hpp"
#include "config/log.hpp"

namespace troupe {

/// A scheduler's journal on the disk. Owned by the scheduler's actor; not thread-safe.
///
/// What write() has given to the operating system survives the end of this process; whether it
/// survives the end of the machine depends on `sync`.
class journal_file {
public:
  using journal_record = core::scheduling::journal_record;

  struct settings {
    std::string path;
    std::string sync = "interval";  ///< As scheduler.journal_sync.
    std::uint64_t compact_at = 0;   ///< As scheduler.journal_compact_at.
  };

  struct opened {
    std::shared_ptr<journal_file> file;
    std::vector<journal_record> records;  ///< All that there are, oldest first.
  };

  /// Makes the file if there is none. The beginning of a block at its end is cut off with a
  /// warning; anything else that is no journal is an error that says where. So is another process
  /// that uses it.
  static result<opened> open(settings, logger);

  ~journal_file();

  journal_file(const journal_file&) = delete;
  journal_file& operator=(const journal_file&) = delete;

  /// An error once; after that nothing is written any more.
  result<void> write(std::span<const journal_record>);

  /// It has grown so much that it should be written anew, and that is not happening.
  bool wants_compaction() const;

  /// Writes `all` to a new file, on a thread that calls `done` at the end; what is written
  /// meanwhile goes to both. Then finish_compaction() puts the new file in the place of the old
  /// one.
  void begin_compaction(std::vector<journal_record> all, std::function<void()> done);
  /// Does nothing unless `done` was called.
  void finish_compaction();

private:
  struct state;
  explicit journal_file(std::unique_ptr<state>);

  std::unique_ptr<state> state_;
};

}  // namespace troupe
