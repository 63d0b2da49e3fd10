#include <filesystem>
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

}  // namespace

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
