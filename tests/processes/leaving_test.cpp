#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <signal.h>
#include <string>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include "tests/config/temporary_folder.hpp"
#include "tests/processes/support.hpp"

using namespace processes;
using namespace std::chrono_literals;

namespace processes {

/// So large that nobody but its worker has it, unless somebody fetches it.
std::vector<std::int64_t> large_process_number(std::int64_t us) {
  square_slowly(0, us);
  return std::vector<std::int64_t>(100'000, getpid());
}

/// Makes that file, after so long.
std::int64_t leave_mark(const std::string& file, std::int64_t us) {
  square_slowly(0, us);
  std::ofstream made(file);
  return made.good();
}

void register_leaving(troupe::task_registry& tasks) {
  tasks.add<&large_process_number>();
  tasks.add<&leave_mark>();
}

}  // namespace processes

namespace {

std::size_t made_by(pid_t pid, std::vector<troupe::future<std::vector<std::int64_t>>>& all) {
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [pid](const auto& one) { return one.get().back() == pid; }));
}

}  // namespace

TEST_CASE("a worker that gets SIGTERM hands over what only it has, and nothing is computed again") {
  // What other tests started may not have ended yet.
  const auto others = children();
  troupe::cluster cluster(config(2), register_tasks);
  auto client = cluster.connect();
  cluster.wait_for_workers(2, 30s);
  // So long that each worker makes some of them.
  auto all = client.map<&large_process_number>(std::vector<std::int64_t>(20, 20'000));
  troupe::wait(all);
  const auto now = children();
  const auto first = *std::find_if(now.begin(), now.end(), [&](pid_t pid) {
    return std::find(others.begin(), others.end(), pid) == others.end();
  });
  REQUIRE(kill(first, SIGTERM) == 0);
  REQUIRE(eventually(20s, [&] { return !alive(first); }));
  CHECK(made_by(first, all) > 0);
}

TEST_CASE("workers with a lifetime are replaced, and no result is lost") {
  auto options = config(2);
  options.worker.lifetime = 1500ms;
  options.worker.lifetime_stagger = 700ms;
  options.scheduler.worker_losses_max = 1;
  troupe::cluster cluster(options, register_tasks);
  auto client = cluster.connect();
  cluster.wait_for_workers(2, 30s);
  const auto before = children();
  auto all = client.map<&large_process_number>(std::vector<std::int64_t>(80, 50'000));
  for (const auto& one : all)
    CHECK(one.get().size() == 100'000);
  CHECK(eventually(20s, [&] { return std::none_of(before.begin(), before.end(), alive); }));
}

TEST_CASE("troupe retire has a worker leave, and its results stay") {
  const auto others = children();
  const auto options = config(2);
  troupe::cluster cluster(options, register_tasks);
  auto client = cluster.connect();
  cluster.wait_for_workers(2, 30s);
  auto all = client.map<&large_process_number>(std::vector<std::int64_t>(20, 1000));
  troupe::wait(all);
  const auto retire = [&](const std::string& name) {
    return run_troupe({"retire", name, "--wait", "--scheduler", cluster.address(), "--set",
                       "security.token=" + options.security.token});
  };
  const auto seen = run_troupe(
      {"status", cluster.address(), "--json", "--set", "security.token=" + options.security.token});
  const auto at = seen.out.find("\"name\": \"");
  REQUIRE(at != std::string::npos);
  const auto name = seen.out.substr(at + 9, seen.out.find('"', at + 9) - at - 9);
  auto before = children();
  std::erase_if(before, [&](pid_t pid) {
    return std::find(others.begin(), others.end(), pid) != others.end();
  });
  const auto done = retire(name);
  CAPTURE(done.err);
  CHECK(done.exit_code == 0);
  REQUIRE(eventually(20s, [&] {
    return std::count_if(before.begin(), before.end(), alive) ==
           static_cast<std::ptrdiff_t>(before.size()) - 1;
  }));
  const auto gone = *std::find_if_not(before.begin(), before.end(), alive);
  CHECK(made_by(gone, all) > 0);
  const auto unknown = retire("nobody");
  CHECK(unknown.exit_code == 1);
  CHECK(unknown.err.find("there is no worker 'nobody'") != std::string::npos);
}

TEST_CASE("what is fired and forgotten is done, although its client has left") {
  const temporary_folder folder;
  const auto mark = folder / "mark";
  auto options = config(1);
  options.scheduler.listen = "tcp://127.0.0.1:0";
  troupe::cluster cluster(options, register_tasks);
  cluster.wait_for_workers(1, 30s);
  {
    const troupe::client visitor(cluster.address(), options);
    visitor.fire_and_forget(visitor.submit<&leave_mark>(mark.string(), std::int64_t{300'000}));
  }
  CHECK(eventually(20s, [&] { return std::filesystem::exists(mark); }));
}
