#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/processes/support.hpp"

// Clusters whose scheduler is a process of its own.

using namespace processes;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

/// Where clusters are found by name.
class home {
public:
  home() {
    REQUIRE(mkdtemp(path_.data()));
    setenv("XDG_CONFIG_HOME", path_.c_str(), 1);
  }

  home(const home&) = delete;
  home& operator=(const home&) = delete;

  ~home() {
    unsetenv("XDG_CONFIG_HOME");
    fs::remove_all(path_);
  }

  /// The files in it.
  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(path_))
      if (entry.is_regular_file()) ++count;
    return count;
  }

private:
  std::string path_ = (fs::temp_directory_path() / "troupe-home-XXXXXX").string();
};

troupe::config held(std::uint32_t workers) {
  auto c = config(workers);
  c.cluster.scheduler = "process";
  c.cluster.survey_interval = 100ms;
  return c;
}

}  // namespace

TEST_CASE("a scheduler in a process of its own does the work, and ends with its owner") {
  const home h;
  {
    troupe::cluster cluster(held(2), register_tasks);
    auto client = cluster.connect();
    CHECK(client.submit<&square>(std::int64_t{7}).get() == 49);
    cluster.scale(3);
    cluster.wait_for_workers(3, 20s);
    CHECK(cluster.summary().wanted == 3);
    CHECK(cluster.summary().type == "local");
    CHECK(h.files() > 0);
  }
  CHECK(eventually(20s, [&] { return h.files() == 0; }));
  CHECK(children().empty());
}

TEST_CASE("a cluster that is kept is attached to by name, works on, and ends when it is told to") {
  const home h;
  auto c = held(1);
  c.cluster.name = "stays";
  c.cluster.keep = true;
  { troupe::cluster first(c, register_tasks); }
  {
    auto second = troupe::cluster::attach("stays");
    auto client = second.connect();
    CHECK(client.submit<&square>(std::int64_t{3}).get() == 9);
    CHECK(second.summary().name == "stays");
    CHECK_THROWS_WITH_AS(troupe::cluster(c, register_tasks),
                         doctest::Contains("there is a cluster 'stays' already"),
                         troupe::exception);
  }
  CHECK(run_troupe({"status", "stays"}).exit_code == 0);
  CHECK(run_troupe({"down", "stays"}).exit_code == 0);
  CHECK(eventually(20s, [&] { return h.files() == 0; }));
  CHECK_THROWS_AS(troupe::cluster::attach("stays"), troupe::exception);
}

TEST_CASE(
    "why a cluster in a process of its own cannot start, or its workers cannot, is told here") {
  const home h;
  auto c = held(1);
  c.scheduler.listen = "tcp://192.0.2.1:0";
  c.security.allow_plaintext = true;
  CHECK_THROWS_WITH_AS(troupe::cluster(c, register_tasks), doctest::Contains("192.0.2.1"),
                       troupe::exception);
  c = held(1);
  c.cluster.scheduler = "job";
  CHECK_THROWS_WITH_AS(troupe::cluster(c, register_tasks), doctest::Contains("runs jobs"),
                       troupe::exception);
  c = held(1);
  c.cluster.scheduler = "owner";
  c.cluster.keep = true;
  CHECK_THROWS_WITH_AS(troupe::cluster(c, register_tasks), doctest::Contains("cluster.keep"),
                       troupe::exception);
  c = held(1);
  c.worker.libraries = {"/nowhere/libtasks.so"};
  troupe::cluster cluster(c, register_tasks);
  CHECK_THROWS_WITH_AS(cluster.connect(), doctest::Contains("/nowhere/libtasks.so"),
                       troupe::exception);
}
