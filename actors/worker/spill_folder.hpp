#pragma once

#include <cstdint>
#include <filesystem>

#include <troupe/result.hpp>
#include <troupe/value.hpp>

#include "backends/process.hpp"

namespace troupe {

/// A worker's own folder for results that are too much for its memory. Gone with this object; if
/// the process dies before that, the next worker on this machine that uses the same base removes
/// it.
///
/// Its lock is a file beside it that its process holds locked; the kernel lets go of it however the
/// process ends. Not thread-safe.
class spill_folder {
public:
  /// Makes one in `base`, which is made too.
  static result<spill_folder> make(const std::filesystem::path& base);

  spill_folder(spill_folder&&) noexcept = default;
  spill_folder& operator=(spill_folder&&) noexcept = default;
  ~spill_folder();

  /// Removes the folders in `base` whose owners are gone.
  static void clean(const std::filesystem::path& base);

  /// Compressed, with a checksum. Gives the size of the file; after an error there is none.
  result<std::uint64_t> write(std::uint64_t number, const value&) const;
  result<bytes> read(std::uint64_t number) const;
  void remove(std::uint64_t number) const;

  const std::filesystem::path& path() const noexcept { return path_; }

private:
  spill_folder(std::filesystem::path path, backends::descriptor lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path file(std::uint64_t number) const;

  std::filesystem::path path_;
  backends::descriptor lock_;
};

/// Where spill folders are made if worker.local_directory does not say.
std::filesystem::path default_local_directory();

}  // namespace troupe
