#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <troupe/bytes.hpp>
#include <troupe/result.hpp>

namespace troupe {

/// A part of a memory file, to be passed to another process of this machine.
struct memory_file {
  std::shared_ptr<const int> fd;  ///< Read-only; closed with its last owner.
  std::uint64_t offset = 0;
};

/// Memory for large values, in files without a name (memfd): another process maps it instead of
/// copying it. What is given back is used again, because fresh memory is the slowest part of moving
/// data: filling it runs at 1.4 GB/s here, memory that was used before at 8 GB/s.
///
/// A file is sealed against changes of its size, so that nobody who maps it can be hurt by it, and
/// against others writing to it. Its owner can: the memory is used again once the kernel says that
/// nobody else has the file open or mapped any more, whether they closed it or died.
///
/// Thread-safe. Memory may live longer than its pool.
class memory_pool {
public:
  struct limits {
    std::size_t file_min = detail::large_memory_min;  ///< Smaller memory is ordinary memory.
    std::size_t free_max = std::size_t{512} << 20;    ///< Kept for use again, in bytes.
    std::size_t files_max = 0;  ///< Open at one time. 0: a quarter of the limit.
    std::chrono::nanoseconds idle_max = std::chrono::seconds(5);  ///< Then it is given up.
  };

  struct counts {
    std::uint64_t taken = 0;     ///< Since the start, in files.
    std::uint64_t reused = 0;    ///< Of these.
    std::uint64_t shared = 0;    ///< Passed to others.
    std::uint64_t mapped = 0;    ///< Got from others.
    std::size_t files = 0;       ///< Open.
    std::size_t free_bytes = 0;  ///< Waiting to be used again.
  };

  using clock = std::chrono::steady_clock;

  memory_pool() : memory_pool(limits{}) {}

  explicit memory_pool(limits);

  /// Memory of that size, aligned for anything, with any content. Null if there is none.
  std::shared_ptr<std::byte> take(std::size_t size);

  /// The file that these bytes are in, if they are in one. They stay as they are until all who get
  /// the file have let it go.
  std::optional<memory_file> share(const bytes&);

  /// Maps a part of a file that somebody sent, and takes over `fd`. Trusts nothing: the file must
  /// be a memory file that cannot shrink, with all of the part really there.
  result<bytes> map(int fd, std::uint64_t offset, std::uint64_t size);

  /// From now on no more than that is kept for use again.
  void keep_at_most(std::size_t free_max);

  /// Gives up what has not been used for a while.
  void trim(clock::time_point now);

  counts inspect() const;

private:
  struct state;
  std::shared_ptr<state> state_;
};

/// The pool of this process: memory belongs to a process, as that of malloc() does.
memory_pool& process_memory();

}  // namespace troupe
