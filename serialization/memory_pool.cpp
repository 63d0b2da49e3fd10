#include "serialization/memory_pool.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <linux/magic.h>
#include <map>
#include <mutex>
#include <new>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace troupe {

namespace {

constexpr std::size_t page = 4096;
/// How much larger than wanted a used region may be; how many are looked at.
constexpr std::size_t waste_max = std::size_t{64} << 10;
constexpr int looks_max = 16;

std::size_t whole_pages(std::size_t size) {
  return (size + page - 1) / page * page;
}

std::size_t quarter_of_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 4096;
  return static_cast<std::size_t>(limit.rlim_cur) / 4;
}

/// The same file opened once more. The kernel counts it apart from the first one.
int open_again(int fd, int how) {
  const auto path = "/proc/self/fd/" + std::to_string(fd);
  return ::open(path.c_str(), how | O_CLOEXEC);
}

/// Whether nobody but us has the file: only then does the kernel grant a lease for writing.
bool is_alone(int fd) {
  if (::fcntl(fd, F_SETLEASE, F_WRLCK) != 0) return false;
  ::fcntl(fd, F_SETLEASE, F_UNLCK);
  return true;
}

error refused(const std::string& why) {
  return {errc::bad_bytes, "a file that " + why};
}

result<void> check_file(int fd, std::uint64_t offset, std::uint64_t size) {
  struct statfs system {};
  struct stat found {};
  if (::fstatfs(fd, &system) != 0 || ::fstat(fd, &found) != 0 || !S_ISREG(found.st_mode) ||
      system.f_type != TMPFS_MAGIC)
    return refused("is not in memory");
  const int seals = ::fcntl(fd, F_GET_SEALS);
  // Who touches memory beyond the end of a file that has shrunk is killed.
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || (seals & F_SEAL_GROW) == 0)
    return refused("is not sealed: it could shrink");
  if ((seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) == 0)
    return refused("is not sealed: anybody could write to it");
  const auto end = static_cast<std::uint64_t>(found.st_size);
  if (offset > end || size > end - offset)
    return refused("has " + std::to_string(end) + " bytes, not " + std::to_string(size) +
                   " from byte " + std::to_string(offset));
  // Holes would be filled with our memory.
  if (static_cast<std::uint64_t>(found.st_blocks) * 512 < size) return refused("has holes");
  return {};
}

}  // namespace

struct memory_pool::state : std::enable_shared_from_this<state> {
  struct region {
    std::byte* start = nullptr;
    std::size_t size = 0;
    std::shared_ptr<const int> fd;  ///< Null: no file.
    bool ours = true;               ///< Made here, and not mapped from others.
    bool shared = false;            ///< Others may have it.
    clock::time_point since{};      ///< Free.
  };

  explicit state(limits l) : limit(l) {
    if (limit.files_max == 0) limit.files_max = quarter_of_files();
  }

  state(const state&) = delete;
  state& operator=(const state&) = delete;

  ~state() {
    for (auto& [size, one] : free)
      unmap(one);
  }

  static void unmap(const region& one) { ::munmap(one.start, one.size); }

  std::shared_ptr<const int> own(int fd) const {
    ++*files;
    return {new int(fd), [count = files](const int* it) {
              ::close(*it);
              delete it;
              --*count;
            }};
  }

  std::optional<region> make(std::size_t size);
  std::optional<region> find_free(std::size_t size);
  void give_back(region);

  /// Memory that comes back here when its last owner goes.
  std::shared_ptr<std::byte> hand_out(region one) {
    {
      const std::lock_guard lock(mutex);
      if (one.fd) live.emplace(one.start, one);
    }
    auto* start = one.start;
    return {start, [home = shared_from_this(), one = std::move(one)](std::byte*) mutable {
              home->give_back(std::move(one));
            }};
  }

  limits limit;
  mutable std::mutex mutex;
  std::map<const std::byte*, region> live;  ///< Those in files, by their start.
  std::multimap<std::size_t, region> free;  ///< By size.
  std::size_t free_bytes = 0;
  std::shared_ptr<std::atomic<std::size_t>> files = std::make_shared<std::atomic<std::size_t>>(0);
  counts counted;
};

/// A new file, or memory without one when there are too many.
std::optional<memory_pool::state::region> memory_pool::state::make(std::size_t size) {
  region made;
  made.size = whole_pages(size);
  int fd =
      *files < limit.files_max ? ::memfd_create("troupe", MFD_CLOEXEC | MFD_ALLOW_SEALING) : -1;
  if (fd >= 0) made.fd = own(fd);
  if (fd >= 0 && ::ftruncate(fd, static_cast<off_t>(made.size)) != 0) made.fd = nullptr;
  // Opened by name it counts as one writer, and is_alone() can tell us from others.
  if (const int again = made.fd ? open_again(fd, O_RDWR) : -1; again >= 0) {
    made.fd = own(again);
    fd = again;
  }
  const int how = made.fd ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
  auto* start = ::mmap(nullptr, made.size, PROT_READ | PROT_WRITE, how, made.fd ? fd : -1, 0);
  if (start == MAP_FAILED) return {};
  made.start = static_cast<std::byte*>(start);
  if (made.fd)
    ::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
  return made;
}

std::optional<memory_pool::state::region> memory_pool::state::find_free(std::size_t size) {
  const auto most = size + size / 4 + waste_max;
  int looks = 0;
  for (auto at = free.lower_bound(size); at != free.end() && at->first <= most; ++at) {
    if (++looks > looks_max) break;
    if (at->second.shared && !is_alone(*at->second.fd)) continue;
    auto found = free.extract(at);
    free_bytes -= found.key();
    found.mapped().shared = false;
    ++counted.reused;
    return std::move(found.mapped());
  }
  return {};
}

void memory_pool::state::give_back(region one) {
  {
    const std::lock_guard lock(mutex);
    if (auto at = live.find(one.start); at != live.end()) {
      one.shared = at->second.shared;
      live.erase(at);
    }
    if (one.ours && free_bytes + one.size <= limit.free_max) {
      free_bytes += one.size;
      one.since = clock::now();
      const auto size = one.size;
      free.emplace(size, std::move(one));
      return;
    }
  }
  unmap(one);
}

memory_pool::memory_pool(limits l) : state_(std::make_shared<state>(l)) {}

std::shared_ptr<std::byte> memory_pool::take(std::size_t size) {
  if (size < state_->limit.file_min) {
    auto* memory = static_cast<std::byte*>(std::aligned_alloc(64, (size + 64) / 64 * 64));
    return {memory, [](std::byte* it) { std::free(it); }};
  }
  std::optional<state::region> found;
  {
    const std::lock_guard lock(state_->mutex);
    ++state_->counted.taken;
    found = state_->find_free(whole_pages(size));
  }
  if (!found) found = state_->make(size);
  return found ? state_->hand_out(*std::move(found)) : nullptr;
}

std::optional<memory_file> memory_pool::share(const bytes& what) {
  const std::lock_guard lock(state_->mutex);
  auto at = state_->live.upper_bound(what.data());
  if (what.empty() || at == state_->live.begin()) return {};
  auto& found = (--at)->second;
  const auto offset = static_cast<std::size_t>(what.data() - found.start);
  if (offset >= found.size || what.size() > found.size - offset) return {};
  ++state_->counted.shared;
  if (!found.ours) return memory_file{found.fd, offset};
  const int fd = open_again(*found.fd, O_RDONLY);
  if (fd < 0) return {};
  found.shared = true;
  return memory_file{state_->own(fd), offset};
}

result<bytes> memory_pool::map(int fd, std::uint64_t offset, std::uint64_t size) {
  state::region made;
  bool keep = false;
  {
    const std::lock_guard lock(state_->mutex);
    ++state_->counted.mapped;
    keep = *state_->files < state_->limit.files_max;
    made.fd = state_->own(fd);
  }
  if (auto good = check_file(fd, offset, size); !good) return good.error();
  if (size == 0) return bytes();
  const auto before = offset % page;
  made.size = whole_pages(before + size);
  made.ours = false;
  auto* start =
      ::mmap(nullptr, made.size, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(offset - before));
  if (start == MAP_FAILED)
    return error{errc::resource, "no room to map a value of " + std::to_string(size) +
                                     " bytes: " + std::generic_category().message(errno)};
  made.start = static_cast<std::byte*>(start);
  // The mapping stays. Without the file the value cannot be passed on, and is copied then.
  if (!keep) made.fd = nullptr;
  auto memory = state_->hand_out(std::move(made));
  const std::span<const std::byte> view(memory.get() + before, size);
  return bytes(std::move(memory), view);
}

void memory_pool::keep_at_most(std::size_t free_max) {
  const std::lock_guard lock(state_->mutex);
  state_->limit.free_max = free_max;
}

void memory_pool::trim(clock::time_point now) {
  std::multimap<std::size_t, state::region> old;
  {
    const std::lock_guard lock(state_->mutex);
    for (auto at = state_->free.begin(); at != state_->free.end();) {
      const auto here = at++;
      if (now - here->second.since < state_->limit.idle_max) continue;
      state_->free_bytes -= here->first;
      old.insert(state_->free.extract(here));
    }
  }
  for (const auto& [size, one] : old)
    state::unmap(one);
}

memory_pool::counts memory_pool::inspect() const {
  const std::lock_guard lock(state_->mutex);
  auto now = state_->counted;
  now.files = *state_->files;
  now.free_bytes = state_->free_bytes;
  return now;
}

std::shared_ptr<std::byte> detail::large_memory(std::size_t size) {
  auto memory = process_memory().take(size);
  if (!memory) throw std::bad_alloc();
  return memory;
}

memory_pool& process_memory() {
  // Never destroyed: values may be held until the very end of the process.
  static auto* const pool = new memory_pool;
  return *pool;
}

}  // namespace troupe
