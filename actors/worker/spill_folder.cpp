#include "actors/worker/spill_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>
#include <zstd.h>

namespace troupe {

namespace {

namespace fs = std::filesystem;
using backends::descriptor;

constexpr const char* prefix = "worker-";
constexpr const char* lock_suffix = ".lock";
constexpr int level = 1;  ///< Faster than disks are.

error failed(const std::string& what, const fs::path& path, int number = errno) {
  return {errc::resource, what + " " + path.string() + ": " + std::strerror(number)};
}

/// Whether it could be locked, and is still the file of that name: who cleans up may have locked
/// and removed it in between.
bool lock(const descriptor& fd, const fs::path& path) {
  struct stat mine {};
  struct stat named {};

  return flock(fd.number(), LOCK_EX | LOCK_NB) == 0 && fstat(fd.number(), &mine) == 0 &&
         stat(path.c_str(), &named) == 0 && mine.st_ino == named.st_ino;
}

bool write_all(int fd, const void* data, std::size_t size) {
  const auto* at = static_cast<const char*>(data);
  while (size > 0) {
    const auto written = ::write(fd, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

using compressor = std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)>;
using decompressor = std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)>;

/// In parts: memory is what there is too little of. Gives the size of the file.
result<std::uint64_t> compress(const bytes& from, int fd, const fs::path& path) {
  const compressor c(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(c.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(c.get(), ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setPledgedSrcSize(c.get(), from.size());
  std::vector<char> part(ZSTD_CStreamOutSize());
  ZSTD_inBuffer in{from.data(), from.size(), 0};
  std::uint64_t total = 0;
  for (;;) {
    ZSTD_outBuffer out{part.data(), part.size(), 0};
    const auto left = ZSTD_compressStream2(c.get(), &out, &in, ZSTD_e_end);
    if (ZSTD_isError(left)) return error{errc::resource, ZSTD_getErrorName(left)};
    if (!write_all(fd, part.data(), out.pos)) return failed("cannot write", path);
    total += out.pos;
    if (left == 0) return total;
  }
}

error damaged(const fs::path& path, const char* how) {
  return {errc::resource, "damaged file " + path.string() + ": " + how};
}

result<bytes> decompress(int fd, const fs::path& path) {
  const decompressor d(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  std::vector<char> part(ZSTD_DStreamInSize());
  std::vector<std::byte> content;
  ZSTD_outBuffer out{nullptr, 0, 0};
  std::size_t left = 1;
  while (left != 0) {
    const auto got = ::read(fd, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("cannot read", path);
    if (got == 0) return damaged(path, "it ends too early");
    if (!out.dst) {
      const auto size = ZSTD_getFrameContentSize(part.data(), static_cast<std::size_t>(got));
      if (size >= ZSTD_CONTENTSIZE_ERROR) return damaged(path, "it has no size");
      content.resize(size);
      out = {content.data(), content.size(), 0};
    }
    ZSTD_inBuffer in{part.data(), static_cast<std::size_t>(got), 0};
    while (in.pos < in.size && left != 0) {
      left = ZSTD_decompressStream(d.get(), &out, &in);
      if (ZSTD_isError(left)) return damaged(path, ZSTD_getErrorName(left));
    }
  }
  return bytes::adopt(std::move(content));
}

}  // namespace

fs::path default_local_directory() {
  const char* base = std::getenv("TMPDIR");
  return fs::path(base && *base != '\0' ? base : "/tmp") / ("troupe-" + std::to_string(getuid()));
}

result<spill_folder> spill_folder::make(const fs::path& base) {
  std::error_code code;
  fs::create_directories(base, code);
  if (code) return failed("cannot make the folder", base, code.value());
  struct stat there {};

  if (stat(base.c_str(), &there) != 0) return failed("cannot look at", base);
  if (there.st_uid != getuid() && there.st_uid != 0)
    return error{errc::resource, "the folder " + base.string() +
                                     " belongs to another user; set worker.local_directory"};
  for (int attempt = 0; attempt < 100; ++attempt) {
    auto name = prefix + std::to_string(getpid()) + "-" + std::to_string(attempt);
    const auto path = base / name;
    const auto lock_path = base / (name + lock_suffix);
    descriptor fd(open(lock_path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd && errno == EEXIST) continue;
    if (!fd) return failed("cannot make", lock_path);
    if (!lock(fd, lock_path)) continue;
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed("cannot make", path);
    return spill_folder(path, std::move(fd));
  }
  return error{errc::resource, "all names of folders in " + base.string() + " are taken"};
}

spill_folder::~spill_folder() {
  if (!lock_) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  fs::remove(path_.string() + lock_suffix, ignored);
}

void spill_folder::clean(const fs::path& base) {
  std::error_code code;
  std::vector<fs::path> locks;
  for (fs::directory_iterator at(base, code), end; !code && at != end; at.increment(code)) {
    const auto name = at->path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(lock_suffix)) locks.push_back(at->path());
  }
  for (const auto& path : locks) {
    const descriptor fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd || !lock(fd, path)) continue;
    auto folder = path;
    fs::remove_all(folder.replace_extension(), code);
    fs::remove(path, code);
  }
}

fs::path spill_folder::file(std::uint64_t number) const {
  return path_ / (std::to_string(number) + ".zst");
}

result<std::uint64_t> spill_folder::write(std::uint64_t number, const value& content) const {
  const auto path = file(number);
  const descriptor fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return failed("cannot write", path);
  auto size = compress(content.encoded(), fd.number(), path);
  if (!size) remove(number);
  return size;
}

result<bytes> spill_folder::read(std::uint64_t number) const {
  const auto path = file(number);
  const descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return failed("cannot read", path);
  return decompress(fd.number(), path);
}

void spill_folder::remove(std::uint64_t number) const {
  std::error_code ignored;
  fs::remove(file(number), ignored);
}

}  // namespace troupe
