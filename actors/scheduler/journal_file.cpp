#include "actors/scheduler/journal_file.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "actors/scheduler/journal_blocks.hpp"
#include "serialization/record_file.hpp"

namespace troupe {

namespace {

constexpr auto sync_interval = std::chrono::seconds(1);
constexpr std::size_t records_at_once_max = 16384;

error failed(const std::string& what, const std::string& path) {
  return {errc::system, "cannot " + what + " the journal " + path + ": " + std::strerror(errno)};
}

class descriptor {
public:
  explicit descriptor(int number = -1) noexcept : number_(number) {}

  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

  descriptor& operator=(descriptor other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  explicit operator bool() const noexcept { return number_ >= 0; }

  int number() const noexcept { return number_; }

private:
  int number_;
};

bool write_all(int to, std::span<const std::byte> what) {
  std::size_t done = 0;
  while (done < what.size()) {
    const auto n = ::write(to, what.data() + done, what.size() - done);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  return true;
}

using journal_record = core::scheduling::journal_record;

/// One file, and what is numbered in it.
struct output {
  descriptor file;
  journal_writer writer = {};
  std::uint64_t size = 0;

  bool write(std::span<const journal_record> records) {
    std::vector<std::byte> blocks;
    while (!records.empty()) {
      const auto part = records.first(std::min(records.size(), records_at_once_max));
      blocks.clear();
      writer.write(part, blocks);
      if (!write_all(file.number(), blocks)) return false;
      size += blocks.size();
      records = records.subspan(part.size());
    }
    return true;
  }
};

result<bytes> read_all(int from, const std::string& path) {
  struct stat found {};

  if (::fstat(from, &found) != 0) return failed("read", path);
  std::vector<std::byte> content(static_cast<std::size_t>(found.st_size));
  std::size_t done = 0;
  while (done < content.size()) {
    const auto n =
        ::pread(from, content.data() + done, content.size() - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failed("read", path);
    done += static_cast<std::size_t>(n);
  }
  return bytes::adopt(std::move(content));
}

error no_journal(const std::string& path, std::uint64_t offset, const std::string& why) {
  return {errc::bad_config, path + ":" + std::to_string(offset) + ": " + why +
                                "; to start without what is in it, move the file away"};
}

result<std::vector<journal_record>> decode(const wire::found_blocks& found,
                                           const std::string& path) {
  std::vector<journal_record> all;
  journal_reader reader;
  for (const auto& block : found.blocks) {
    if (!journal_reader::takes(block.kind))
      return no_journal(path, block.offset, "this is no journal, perhaps a recording");
    if (auto done = reader.read(block, all); !done)
      return no_journal(path, block.offset, done.error().message);
  }
  return all;
}

}  // namespace

struct journal_file::state {
  settings wanted;
  logger log;
  descriptor lock;
  output out;
  std::uint64_t compacted_size = 0;
  bool broken = false;

  // Compaction.
  std::thread compactor;
  output fresh;  ///< The thread's while it runs.
  std::vector<journal_record> meanwhile;
  bool compacting = false;
  std::atomic<bool> written{false};
  std::atomic<bool> well{false};

  // Flushing at intervals.
  std::thread syncer;
  std::mutex mutex;
  std::condition_variable changed;
  bool dirty = false;
  bool ends = false;

  std::string new_path() const { return wanted.path + ".new"; }

  void sync_at_intervals() {
    std::unique_lock guard(mutex);
    while (!ends) {
      changed.wait_for(guard, sync_interval, [this] { return ends; });
      if (!std::exchange(dirty, false)) continue;
      const descriptor copy(::fcntl(out.file.number(), F_DUPFD_CLOEXEC, 0));
      guard.unlock();
      ::fdatasync(copy.number());
      guard.lock();
    }
  }

  void write_anew(const std::vector<journal_record>& all) {
    fresh = {};
    fresh.file = descriptor(
        ::open(new_path().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600));
    well = fresh.file && fresh.write(all) && ::fdatasync(fresh.file.number()) == 0;
    written = true;
  }
};

result<journal_file::opened> journal_file::open(settings wanted, logger log) {
  auto made = std::make_unique<state>();
  const auto path = wanted.path;
  made->wanted = std::move(wanted);
  made->log = std::move(log);
  made->lock = descriptor(::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!made->lock) return failed("lock", path);
  if (::flock(made->lock.number(), LOCK_EX | LOCK_NB) != 0)
    return error{errc::bad_config, "the journal " + path + " is used by another scheduler"};
  made->out.file = descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0600));
  if (!made->out.file) return failed("open", path);
  auto content = read_all(made->out.file.number(), path);
  if (!content) return content.error();
  auto found = wire::read_blocks(*content);
  if (!found) return no_journal(path, 0, found.error().message);
  // A file that is something else must not be taken for a journal that was cut short.
  if (found->blocks.empty() && !wire::begins_a_block(*content))
    return no_journal(path, 0, "this is no journal");
  auto records = decode(*found, path);
  if (!records) return records.error();
  if (found->good_bytes < content->size()) {
    made->log->warn(
        "the journal ends in the middle of a block, which is cut off path={} at={} "
        "bytes={}",
        path, found->good_bytes, content->size() - found->good_bytes);
    if (::ftruncate(made->out.file.number(), static_cast<off_t>(found->good_bytes)) != 0)
      return failed("cut", path);
  }
  made->out.size = made->compacted_size = found->good_bytes;
  if (made->wanted.sync == "interval")
    made->syncer = std::thread([s = made.get()] { s->sync_at_intervals(); });
  return opened{std::shared_ptr<journal_file>(new journal_file(std::move(made))),
                std::move(*records)};
}

journal_file::journal_file(std::unique_ptr<state> made) : state_(std::move(made)) {}

journal_file::~journal_file() {
  {
    const std::lock_guard guard(state_->mutex);
    state_->ends = true;
  }
  state_->changed.notify_all();
  if (state_->syncer.joinable()) state_->syncer.join();
  if (state_->compactor.joinable()) state_->compactor.join();
  if (state_->wanted.sync != "none") ::fdatasync(state_->out.file.number());
}

result<void> journal_file::write(std::span<const journal_record> records) {
  auto& s = *state_;
  if (s.broken || records.empty()) return {};
  const auto before = s.out.size;
  bool good = s.out.write(records);
  if (good && s.wanted.sync == "always") good = ::fdatasync(s.out.file.number()) == 0;
  if (!good) {
    s.broken = true;
    auto why = failed("write", s.wanted.path);
    [[maybe_unused]] const auto cut = ::ftruncate(s.out.file.number(), static_cast<off_t>(before));
    return why;
  }
  if (s.compacting) s.meanwhile.insert(s.meanwhile.end(), records.begin(), records.end());
  if (s.wanted.sync == "interval") {
    const std::lock_guard guard(s.mutex);
    s.dirty = true;
  }
  return {};
}

bool journal_file::wants_compaction() const {
  const auto& s = *state_;
  return !s.broken && !s.compacting && s.out.size > 2 * s.compacted_size &&
         s.out.size - s.compacted_size > s.wanted.compact_at;
}

void journal_file::begin_compaction(std::vector<journal_record> all, std::function<void()> done) {
  auto& s = *state_;
  s.compacting = true;
  s.written = false;
  if (s.compactor.joinable()) s.compactor.join();
  s.compactor = std::thread([&s, all = std::move(all), done = std::move(done)] {
    s.write_anew(all);
    done();
  });
}

void journal_file::finish_compaction() {
  auto& s = *state_;
  if (!s.compacting || !s.written) return;
  s.compacting = false;
  s.compactor.join();
  const auto meanwhile = std::exchange(s.meanwhile, {});
  const auto folder = std::filesystem::absolute(s.wanted.path).parent_path();
  const bool good = !s.broken && s.well && s.fresh.write(meanwhile) &&
                    ::fdatasync(s.fresh.file.number()) == 0 &&
                    ::rename(s.new_path().c_str(), s.wanted.path.c_str()) == 0;
  if (!good) {
    s.log->warn("the journal cannot be written anew path={} why=\"{}\"", s.wanted.path,
                std::strerror(errno));
    ::unlink(s.new_path().c_str());
    s.compacted_size = s.out.size;  // Not again at once.
    return;
  }
  if (const descriptor d(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); d)
    ::fsync(d.number());
  const std::lock_guard guard(s.mutex);
  s.log->info("the journal is written anew path={} bytes={} before={}", s.wanted.path, s.fresh.size,
              s.out.size);
  s.out = std::move(s.fresh);
  s.compacted_size = s.out.size;
}

}  // namespace troupe
