#include "actors/scheduler/journal_file.hpp"

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>

#include <doctest/doctest.h>

using namespace troupe;
using namespace core::scheduling;
namespace fs = std::filesystem;

namespace {

struct place {
  fs::path folder;
  log_sink log{log_options{.level = "off"}};

  place() {
    auto name = (fs::temp_directory_path() / "troupe-journal-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()));
    folder = name;
  }

  ~place() { fs::remove_all(folder); }

  std::string path() const { return (folder / "journal").string(); }

  result<journal_file::opened> open(const std::string& sync = "always") const {
    return journal_file::open({path(), sync, 4096}, log.make("scheduler"));
  }

  void change_byte(std::streamoff at) const {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file.put('x');
  }
};

std::vector<journal_record> some(std::uint64_t first, std::uint64_t count) {
  task_spec what;
  what.function = "f";
  what.signature = "()";
  static const auto spec = std::make_shared<const task_spec>(what);
  std::vector<journal_record> all;
  for (auto n = first; n < first + count; ++n)
    all.push_back(submit_task{make_task_id({1}, n), spec, value(bytes::copy("arguments")), {}});
  return all;
}

}  // namespace

TEST_CASE("what is written to a journal is there when it is opened again") {
  for (const auto* sync : {"none", "interval", "always"}) {
    const place here;
    auto all = some(1, 10);
    {
      auto journal = here.open(sync);
      REQUIRE(journal);
      CHECK(journal->records.empty());
      CHECK(journal->file->write(all));
      CHECK(journal->file->write(some(11, 5)));
    }
    {
      auto journal = here.open(sync);
      REQUIRE(journal);
      CHECK(journal->records.size() == 15);
      CHECK(journal->file->write(some(16, 1)));
    }
    const auto more = some(11, 6);
    all.insert(all.end(), more.begin(), more.end());
    CHECK(here.open(sync)->records == all);
  }
}

TEST_CASE("a journal is used by one scheduler at a time") {
  const place here;
  const auto first = here.open();
  REQUIRE(first);
  const auto second = here.open();
  REQUIRE_FALSE(second);
  CHECK(second.error().message.find("used by another scheduler") != std::string::npos);
}

TEST_CASE("the beginning of a block at the end of a journal is cut off, and writing goes on") {
  const place here;
  CHECK(here.open()->file->write(some(1, 3)));
  const auto whole = fs::file_size(here.path());
  CHECK(here.open()->file->write(some(4, 3)));
  fs::resize_file(here.path(), fs::file_size(here.path()) - 5);
  {
    const auto journal = here.open();
    REQUIRE(journal);
    CHECK(journal->records == some(1, 3));
    // Who opens a journal says so in a block of its own.
    CHECK(fs::file_size(here.path()) == whole + 40);
    CHECK(journal->file->write(some(7, 1)));
  }
  CHECK(here.open()->records.size() == 4);
}

TEST_CASE("a damaged journal is an error that says where, and so is another file") {
  const place here;
  CHECK(here.open()->file->write(some(1, 3)));
  CHECK(here.open()->file->write(some(4, 3)));
  here.change_byte(50);
  const auto damaged = here.open();
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().message.find(here.path() + ":") != std::string::npos);
  CHECK(damaged.error().message.find("byte 40") != std::string::npos);
  std::ofstream(here.path()) << "this is a text of somebody\n";
  const auto other = here.open();
  REQUIRE_FALSE(other);
  CHECK(other.error().message.find("no journal") != std::string::npos);
}

TEST_CASE("a journal is written anew while more is written to it") {
  const place here;
  {
    auto journal = here.open();
    REQUIRE(journal);
    CHECK_FALSE(journal->file->wants_compaction());
    for (std::uint64_t n = 0; n < 100; ++n)
      CHECK(journal->file->write(some(1 + n * 10, 10)));
    CHECK(journal->file->wants_compaction());
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    journal->file->begin_compaction(some(1, 2), [&] {
      const std::lock_guard lock(mutex);
      done = true;
      changed.notify_one();
    });
    CHECK_FALSE(journal->file->wants_compaction());
    CHECK(journal->file->write(some(3, 2)));
    {
      std::unique_lock lock(mutex);
      REQUIRE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return done; }));
    }
    journal->file->finish_compaction();
    CHECK(journal->file->write(some(5, 1)));
    CHECK(fs::file_size(here.path()) < 4096);
  }
  CHECK(here.open()->records == some(1, 5));
  CHECK_FALSE(fs::exists(here.path() + ".new"));
}
