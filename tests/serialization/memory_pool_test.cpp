#include "serialization/memory_pool.hpp"

#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

namespace troupe::test {

namespace {

constexpr std::size_t size = std::size_t{1} << 20;

bytes filled(memory_pool& pool, std::size_t count, int with) {
  auto memory = pool.take(count);
  REQUIRE(memory);
  std::memset(memory.get(), with, count);
  const std::span<const std::byte> view(memory.get(), count);
  return {std::move(memory), view};
}

bool all_are(const bytes& what, int wanted) {
  for (auto one : what)
    if (one != static_cast<std::byte>(wanted)) return false;
  return true;
}

/// A memory file as somebody else may make it. Given away: map() closes it.
int file_of(std::size_t length, int seals, std::size_t holes = 0) {
  const int fd = ::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  REQUIRE(fd >= 0);
  const std::vector<char> content(length - holes, 'x');
  REQUIRE(::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  REQUIRE(::ftruncate(fd, static_cast<off_t>(length)) == 0);
  REQUIRE(::fcntl(fd, F_ADD_SEALS, seals) == 0);
  return fd;
}

constexpr int good_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

}  // namespace

TEST_CASE("memory that was given back is used again, and not before") {
  memory_pool pool;
  auto first = pool.take(size);
  auto second = pool.take(size);
  CHECK(first.get() != second.get());
  const auto* where = first.get();
  first.reset();
  CHECK(pool.inspect().free_bytes == size);
  CHECK(pool.take(size - 100).get() == where);
  CHECK(pool.inspect().reused == 1);
}

TEST_CASE("memory of another size is not wasted on a value") {
  memory_pool pool;
  pool.take(8 * size).reset();
  pool.take(size).reset();
  CHECK(pool.inspect().reused == 0);
}

TEST_CASE("no more is kept than the limit says, and nothing for long") {
  memory_pool pool({.free_max = 3 * size, .idle_max = std::chrono::seconds(5)});
  {
    std::vector<std::shared_ptr<std::byte>> all;
    for (int i = 0; i < 5; ++i)
      all.push_back(pool.take(size));
    CHECK(pool.inspect().files == 5);
  }
  CHECK(pool.inspect().free_bytes == 3 * size);
  CHECK(pool.inspect().files == 3);
  const auto now = memory_pool::clock::now();
  pool.trim(now);
  CHECK(pool.inspect().free_bytes == 3 * size);
  pool.trim(now + std::chrono::seconds(6));
  CHECK(pool.inspect().free_bytes == 0);
  CHECK(pool.inspect().files == 0);
}

TEST_CASE("there is memory also when no more files may be open") {
  memory_pool pool({.files_max = 2});
  auto a = filled(pool, size, 1);
  auto b = filled(pool, size, 2);
  auto c = filled(pool, size, 3);
  CHECK(pool.inspect().files == 2);
  CHECK(pool.share(a).has_value());
  CHECK_FALSE(pool.share(c).has_value());
  CHECK(all_are(c, 3));
}

TEST_CASE("a shared value is the same memory, and stays as it is until the receiver lets it go") {
  memory_pool ours;
  memory_pool theirs;
  auto sent = filled(ours, size, 5);
  auto file = ours.share(sent.slice(4100, 10'000));
  REQUIRE(file.has_value());
  auto got = theirs.map(::dup(*file->fd), file->offset, 10'000);
  REQUIRE_MESSAGE(got.has_value(), got.error().message);
  CHECK(*got == sent.slice(4100, 10'000));
  file.reset();
  sent = {};
  CHECK(ours.inspect().free_bytes == size);
  auto other = filled(ours, size, 6);
  CHECK(ours.inspect().reused == 0);
  CHECK(all_are(*got, 5));
  got = bytes();
  other = {};
  auto again = filled(ours, size, 7);
  auto third = filled(ours, size, 8);
  CHECK(ours.inspect().reused == 2);
}

TEST_CASE("a receiver that is killed lets go of all it had") {
  memory_pool pool;
  auto sent = filled(pool, size, 5);
  auto file = pool.share(sent);
  REQUIRE(file.has_value());
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  file.reset();
  sent = {};
  CHECK(pool.take(size) != nullptr);
  CHECK(pool.inspect().reused == 0);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(pool.take(size) != nullptr);
  CHECK(pool.inspect().reused == 1);
}

TEST_CASE("nobody can write to what is shared, or change its size") {
  memory_pool pool;
  auto sent = filled(pool, size, 5);
  auto file = pool.share(sent);
  REQUIRE(file.has_value());
  CHECK(::write(*file->fd, "x", 1) == -1);
  CHECK(::ftruncate(*file->fd, 0) == -1);
  CHECK(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, *file->fd, 0) == MAP_FAILED);
  const auto path = "/proc/self/fd/" + std::to_string(*file->fd);
  const int again = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  CHECK(::write(again, "x", 1) == -1);
  CHECK(::ftruncate(again, 0) == -1);
  CHECK(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0) == MAP_FAILED);
  ::close(again);
}

TEST_CASE("what came in a file is passed on in the same file") {
  memory_pool first;
  memory_pool second;
  memory_pool third;
  auto sent = filled(first, size, 9);
  auto file = first.share(sent);
  auto got = second.map(::dup(*file->fd), file->offset, size);
  REQUIRE(got.has_value());
  file.reset();
  auto on = second.share(*got);
  REQUIRE(on.has_value());
  auto arrived = third.map(::dup(*on->fd), on->offset, size);
  REQUIRE(arrived.has_value());
  on.reset();
  got = bytes();
  sent = {};
  auto other = filled(first, size, 1);
  CHECK(all_are(*arrived, 9));
}

TEST_CASE("a file that could do harm is refused, and closed") {
  memory_pool pool;
  const auto refused = [&](int fd, std::uint64_t offset, std::uint64_t length) {
    auto got = pool.map(fd, offset, length);
    const bool harmless = !got && got.error().code == errc::bad_bytes;
    return harmless && !is_open(fd) && pool.inspect().files == 0;
  };
  CHECK(refused(file_of(size, 0), 0, size));
  CHECK(refused(file_of(size, F_SEAL_WRITE), 0, size));
  CHECK(refused(file_of(size, F_SEAL_SHRINK | F_SEAL_GROW), 0, size));
  CHECK(refused(file_of(size, good_seals), 0, size + 1));
  CHECK(refused(file_of(size, good_seals), 1, size));
  CHECK(refused(file_of(size, good_seals), size + 1, 0));
  CHECK(refused(file_of(size, good_seals), ~std::uint64_t{0}, 2));
  CHECK(refused(file_of(size, good_seals), 2, ~std::uint64_t{0}));
  CHECK(refused(file_of(size, good_seals, size / 2), 0, size));
  CHECK(refused(::open("/dev/zero", O_RDONLY | O_CLOEXEC), 0, size));
  CHECK(refused(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC), 0, 4096));
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  CHECK(refused(ends[0], 0, 1));
  ::close(ends[1]);
  auto good = pool.map(file_of(size, good_seals), 10, size - 10);
  REQUIRE(good.has_value());
  CHECK(all_are(*good, 'x'));
}

TEST_CASE("memory outlives its pool") {
  auto pool = std::make_unique<memory_pool>();
  auto kept = filled(*pool, size, 4);
  pool.reset();
  CHECK(all_are(kept, 4));
}

}  // namespace troupe::test
