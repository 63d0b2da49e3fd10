#include "actors/worker/spill_folder.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/config/temporary_folder.hpp"

using namespace troupe;
namespace fs = std::filesystem;

namespace {

value text(const std::string& s) {
  return value(bytes::copy(s));
}

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("what is written to disk is smaller there, and the same when it is read") {
  const temporary_folder base;
  auto folder = spill_folder::make(base.path()).value();
  const std::string content(3'000'000, 'x');
  const auto size = folder.write(1, text(content));
  REQUIRE(size);
  CHECK(*size < 10'000);
  CHECK(fs::file_size(folder.path() / "1.zst") == *size);
  CHECK(folder.read(1).value().text() == content);
  folder.remove(1);
  CHECK_FALSE(folder.read(1));
}

TEST_CASE("a damaged file is an error, not a wrong value") {
  const temporary_folder base;
  auto folder = spill_folder::make(base.path()).value();
  std::string content;
  for (int i = 0; i < 100'000; ++i)
    content += std::to_string(i * 7919 % 1000);
  folder.write(1, text(content)).value();
  const auto path = folder.path() / "1.zst";
  {
    std::fstream file(path, std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(fs::file_size(path) / 2));
    file.put('?');
    file.put('!');
  }
  CHECK_FALSE(folder.read(1));
  fs::resize_file(path, 1000);
  CHECK_FALSE(folder.read(1));
  fs::resize_file(path, 0);
  CHECK_FALSE(folder.read(1));
}

// ThreadSanitizer does not follow a fork in a process that has had threads.
#ifdef __SANITIZE_THREAD__
constexpr bool forks_well = false;
#else
constexpr bool forks_well = true;
#endif

TEST_CASE("a disk that is full is an error that leaves no file" * doctest::skip(!forks_well)) {
  const temporary_folder base;
  auto folder = spill_folder::make(base.path()).value();
  std::string content;
  std::minstd_rand random;
  for (unsigned i = 0; i < 1'000'000; ++i)
    content += static_cast<char>(random());
  // As a full disk: a file may not grow beyond this.
  const auto child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit small{100'000, 100'000};
    setrlimit(RLIMIT_FSIZE, &small);
    const auto size = folder.write(1, text(content));
    _exit(!size && size.error().code == errc::resource ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(entries(folder.path()) == 0);
  CHECK_FALSE(spill_folder::make("/proc/nowhere"));
}

TEST_CASE("a folder goes with its owner, and that of a crashed owner with the next worker") {
  const temporary_folder base;
  { auto folder = spill_folder::make(base.path()).value(); }
  CHECK(entries(base.path()) == 0);
  const auto child = fork();
  if (child == 0) {
    auto folder = spill_folder::make(base.path());
    if (folder) folder->write(1, text("left behind"));
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  CHECK(entries(base.path()) == 2);
  auto living = spill_folder::make(base.path()).value();
  living.write(7, text("kept")).value();
  spill_folder::clean(base.path());
  CHECK(entries(base.path()) == 2);
  CHECK(living.read(7).value().text() == "kept");
}
