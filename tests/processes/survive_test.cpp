#include <chrono>
#include <filesystem>
#include <memory>
#include <poll.h>
#include <random>
#include <signal.h>
#include <string>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include "tests/processes/cable.hpp"
#include "tests/processes/support.hpp"

using namespace processes;
namespace fs = std::filesystem;

namespace {

/// A folder that goes with this object.
class temporary_folder {
public:
  temporary_folder() : path_((fs::temp_directory_path() / "troupe-XXXXXX").string()) {
    REQUIRE(mkdtemp(path_.data()));
  }

  ~temporary_folder() { fs::remove_all(path_); }

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
  std::string path_;
};

/// `troupe scheduler` with a journal and some workers, each a process of its own.
class site {
public:
  explicit site(int workers) {
    start_scheduler();
    for (int i = 0; i < workers; ++i)
      workers_.push_back(
          start_worker({address(), "--threads", "1", "--name", "w" + std::to_string(i)}));
  }

  void start_scheduler() {
    scheduler_ = std::make_unique<running_worker>(
        start_troupe({"scheduler", "--set", "security.token=" + config(0).security.token, "--set",
                      "log.level=error", "--set", "scheduler.listen=" + address(), "--set",
                      "scheduler.journal=" + (folder_ / "journal"), "--set",
                      "scheduler.journal_compact_at=16KiB"}));
  }

  /// With SIGKILL.
  void kill_scheduler() { scheduler_.reset(); }

  std::string address() const { return "unix://" + (folder_ / "socket"); }

  std::string file(const std::string& name) const { return folder_ / name; }

  /// The address exists a moment after the scheduler's process.
  troupe::client connect() const {
    std::unique_ptr<troupe::client> made;
    REQUIRE(eventually(std::chrono::seconds(30), [&] {
      try {
        made = std::make_unique<troupe::client>(address(), config(0));
      } catch (const troupe::exception&) {
        return false;
      }
      return true;
    }));
    return *made;
  }

private:
  temporary_folder folder_;
  std::unique_ptr<running_worker> scheduler_;
  std::vector<running_worker> workers_;
};

}  // namespace

TEST_CASE("a scheduler that is killed again and again costs no result and gives no wrong answer") {
  site here(3);
  const auto client = here.connect();
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  std::vector<std::vector<troupe::future<std::int64_t>>> rounds;
  std::vector<troupe::future<std::int64_t>> totals;
  for (int kills = 0; kills < 6; ++kills) {
    std::vector<troupe::future<std::int64_t>> squares;
    for (std::int64_t i = 0; i < 150; ++i)
      squares.push_back(client.submit<&square_slowly>(i, std::int64_t{1000}));
    totals.push_back(client.submit<&sum>(squares));
    if (totals.size() > 1)
      totals.back() = client.submit<&add>(totals.back(), totals[totals.size() - 2]);
    rounds.push_back(std::move(squares));
    poll(nullptr, 0, static_cast<int>(random() % 150));
    here.kill_scheduler();
    // Whether something is submitted while nobody listens is chance, too.
    if (random() % 2) rounds.back().push_back(client.submit<&square>(std::int64_t{7}));
    here.start_scheduler();
  }
  constexpr std::int64_t total_of_one = 1113775;  // Of the squares below 150.
  for (std::size_t i = 0; i < totals.size(); ++i) {
    REQUIRE(totals[i].wait_for(std::chrono::seconds(60)));
    CHECK(totals[i].get() == static_cast<std::int64_t>(i + 1) * total_of_one);
  }
  for (const auto& squares : rounds)
    for (std::size_t i = 0; i < 150; ++i)
      CHECK(squares[i].get() == static_cast<std::int64_t>(i * i));
}

TEST_CASE("what was computed before the scheduler was killed is not computed again") {
  site here(2);
  const auto client = here.connect();
  auto number = client.submit<&process_number>();
  auto big = client.submit<&ramp>(std::int64_t{200'000});
  REQUIRE(number.wait_for(std::chrono::seconds(30)));
  REQUIRE(big.wait_for(std::chrono::seconds(30)));
  auto runs_on = client.submit<&square_slowly>(std::int64_t{9}, std::int64_t{1'500'000});
  here.kill_scheduler();
  here.start_scheduler();
  CHECK(client.submit<&add>(number, number).get() == 2 * number.get());
  CHECK(client.submit<&total>(big).get() == doctest::Approx(199'999.0 * 100'000));
  CHECK(runs_on.get() == 81);
  const auto status = run_troupe(
      {"status", "--set", "security.token=" + config(0).security.token, "--json", here.address()});
  // By the new scheduler: the sum, the total and what ran on.
  CHECK(status.out.find("\"runs_finished\": 3") != std::string::npos);
}

TEST_CASE("what a scheduler recorded, `troupe replay` runs again with the same outcome") {
  const temporary_folder folder;
  const auto file = folder / "recording";
  auto options = config(2);
  options.scheduler.record = file;
  {
    troupe::cluster cluster(options, register_tasks);
    auto client = cluster.connect();
    std::vector<std::int64_t> numbers;
    for (std::int64_t n = 0; n < 500; ++n)
      numbers.push_back(n);
    CHECK(client.submit<&sum>(client.map<&square>(numbers)).get() == 41541750);
    auto slow = client.submit<&square_slowly>(std::int64_t{3}, std::int64_t{300000});
    ::kill(children().front(), SIGKILL);
    CHECK(slow.get() == 9);
    CHECK_THROWS(client.submit<&explode>(std::int64_t{1}).get());
  }
  const auto seen = run_troupe({"replay", file, "--check"});
  CAPTURE(seen.out);
  CAPTURE(seen.err);
  CHECK(seen.exit_code == 0);
  CHECK(seen.out.find("the same as when it was recorded") != std::string::npos);
  const auto third = run_troupe({"replay", file, "--event", "3"});
  CHECK(third.out.find("3 events") != std::string::npos);
  const auto bad = run_troupe({"replay", "/etc/passwd"});
  CHECK(bad.exit_code == 1);
  CHECK(bad.err.find("no recording") != std::string::npos);
}

TEST_CASE("a client and a worker whose connections break again and again lose nothing") {
  auto options = config(1);
  options.scheduler.listen = "tcp://127.0.0.1:0";
  troupe::cluster cluster(options, register_tasks);
  cable way(cluster.address());
  const auto first = start_worker({way.address(), "--name", "first", "--threads", "2"});
  const auto second = start_worker({way.address(), "--name", "second", "--threads", "2"});
  troupe::client client(way.address(), options);
  std::vector<troupe::future<std::int64_t>> squares;
  for (std::int64_t n = 0; n < 300; ++n) {
    squares.push_back(client.submit<&square_slowly>(n, std::int64_t{5000}));
    if (n % 60 == 30) way.cut();
  }
  auto all = client.submit<&sum>(squares);
  for (std::size_t i = 0; i < squares.size(); i += 40) {
    CHECK(squares[i].get() == static_cast<std::int64_t>(i * i));
    way.cut();
  }
  CHECK(all.get() == 8955050);
  CHECK(way.cuts() >= 5);
}

TEST_CASE("`troupe simulate` runs made-up clusters and says how many went well") {
  const auto one = run_troupe({"simulate", "--seed", "7"});
  CHECK(one.exit_code == 0);
  CHECK(one.out == "1 passed, 0 failed\n");
  const auto many = run_troupe({"simulate", "--seconds", "1"});
  CAPTURE(many.out);
  CHECK(many.exit_code == 0);
  CHECK(many.out.ends_with(" passed, 0 failed\n"));
}
