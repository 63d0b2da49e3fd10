#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <signal.h>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/processes/support.hpp"

using namespace processes;
using std::chrono::seconds;

namespace {

std::vector<std::int64_t> numbers(std::int64_t n) {
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < n; ++i)
    all.push_back(i);
  return all;
}

/// Pairs are added until one number is left.
troupe::future<std::int64_t> reduce(troupe::client& client,
                                    std::vector<troupe::future<std::int64_t>> parts) {
  while (parts.size() > 1) {
    std::vector<troupe::future<std::int64_t>> next;
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2)
      next.push_back(client.submit<&add>(parts[i], parts[i + 1]));
    if (parts.size() % 2) next.push_back(parts.back());
    parts = std::move(next);
  }
  return parts[0];
}

}  // namespace

TEST_CASE("worker processes compute a graph and hand results to each other") {
  troupe::cluster cluster(config(4), register_tasks);
  auto client = cluster.connect();
  auto squares = client.map<&square>(numbers(1000));
  CHECK(reduce(client, squares).get() == 332833500);
  CHECK(client.submit<&sum>(squares).get() == 332833500);
  CHECK(client.gather(squares)[999] == 998001);

  auto big = client.submit<&ramp>(std::int64_t{2'000'000});
  CHECK(client.submit<&total>(big).get() == doctest::Approx(1999999.0 * 1000000));
  CHECK(big.get().size() == 2'000'000);

  auto scattered = client.scatter(std::vector<std::int64_t>{1, 2, 3});
  CHECK(client.submit<&sum>(scattered).get() == 6);
}

TEST_CASE(
    "workers that serve their results on Unix sockets hand them to each other and to clients") {
  std::string folder = (std::filesystem::temp_directory_path() / "troupe-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()));
  {
    auto options = config(1);
    options.scheduler.listen = "unix://" + folder + "/scheduler";
    troupe::cluster cluster(options, register_tasks);
    std::vector<running_worker> workers;
    for (const std::string name : {"a", "b"})
      workers.push_back(start_worker({cluster.address(), "--name", name, "--resource", name + "=1",
                                      "--listen", "unix://" + folder + "/" + name}));
    troupe::client client(cluster.address(), options);
    auto made = client.with({.resources = {{"a", 1}}}).submit<&ramp>(std::int64_t{1'000'000});
    auto used = client.with({.resources = {{"b", 1}}}).submit<&total>(made);
    REQUIRE(used.wait_for(seconds(30)));
    CHECK(used.get() == doctest::Approx(999999.0 * 500000));
    CHECK(made.get().size() == 1'000'000);
    const auto status = run_troupe({"status", "--set", "security.token=" + options.security.token,
                                    "--json", cluster.address()});
    CHECK(status.out.find("unix://" + folder + "/a") != std::string::npos);
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("a failure tells task, worker, type and who needed it") {
  troupe::cluster cluster(config(2), register_tasks);
  auto client = cluster.connect();
  auto bad = client.submit<&explode>(std::int64_t{7});
  auto dependent = client.submit<&add>(bad, std::int64_t{1});
  auto why = dependent.result();
  REQUIRE_FALSE(why.has_value());
  CHECK(why.error().code == troupe::errc::task_failed);
  CHECK(why.error().message == "no number 7");
  CHECK(why.error().type == "std::out_of_range");
  CHECK(why.error().task == "processes::explode");
  CHECK_FALSE(why.error().worker.empty());
  CHECK(why.error().chain == std::vector<std::string>{"processes::add"});
}

TEST_CASE("killing workers in the middle costs no result and gives no wrong answer") {
  const char* wanted = std::getenv("TROUPE_KILL_ROUNDS");
  const int rounds = wanted ? std::atoi(wanted) : 5;
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < rounds; ++round) {
    CAPTURE(round);
    troupe::cluster cluster(config(4), register_tasks);
    auto client = cluster.connect();
    cluster.wait_for_workers(4, seconds(30));
    const auto workers = children();
    REQUIRE(workers.size() == 4);

    const auto n = std::int64_t{10'000};
    auto squares = client.map<&square_slowly>(numbers(n), std::int64_t{50});
    auto answer = reduce(client, squares);
    // Kills when a random part of the first level is done: in the middle, whatever the speed.
    const auto& signal_at = squares[random() % squares.size()];
    signal_at.wait_for(seconds(60));
    kill(workers[random() % workers.size()], SIGKILL);

    REQUIRE(answer.wait_for(seconds(120)));
    CHECK(answer.get() == (n - 1) * n * (2 * n - 1) / 6);
    auto all = client.gather(squares);
    for (std::int64_t i = 0; i < n; ++i)
      REQUIRE(all[static_cast<std::size_t>(i)] == i * i);
  }
}

TEST_CASE("a dead worker process is started again") {
  troupe::cluster cluster(config(2), register_tasks);
  auto client = cluster.connect();
  cluster.wait_for_workers(2, seconds(30));
  const auto before = children();
  REQUIRE(before.size() == 2);
  kill(before[0], SIGKILL);
  CHECK(eventually(seconds(20), [&] {
    const auto now = children();
    return now.size() == 2 && now != before && !alive(before[0]);
  }));
  CHECK(client.submit<&square>(std::int64_t{12}).get() == 144);
}

namespace {

/// Its cluster has so many processes.
void kill_owner(const char* scheduler, std::size_t processes) {
  int from_owner[2];
  REQUIRE(pipe(from_owner) == 0);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, from_owner[1], 1);
  posix_spawn_file_actions_addclose(&files, from_owner[0]);
  char self[] = "/proc/self/exe";
  char role[] = "--owner";
  std::string where = scheduler;
  char* argv[] = {self, role, where.data(), nullptr};
  pid_t owner = 0;
  REQUIRE(posix_spawn(&owner, self, &files, nullptr, argv, environ) == 0);
  posix_spawn_file_actions_destroy(&files);
  close(from_owner[1]);
  std::FILE* said = fdopen(from_owner[0], "r");
  char line[256] = {};
  REQUIRE(std::fgets(line, sizeof line, said) != nullptr);

  std::vector<pid_t> workers;
  std::istringstream words(line);
  for (pid_t pid = 0; words >> pid;)
    workers.push_back(pid);
  REQUIRE(workers.size() == processes);
  for (pid_t pid : workers)
    REQUIRE(alive(pid));

  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  for (pid_t pid : workers)
    CHECK(eventually(seconds(10), [&] { return !alive(pid); }));
  std::fclose(said);
}

}  // namespace

TEST_CASE("an owner killed with SIGKILL leaves no process behind") {
  kill_owner("owner", 2);
}

TEST_CASE("an owner killed with SIGKILL takes along a scheduler in a process of its own") {
  kill_owner("process", 3);
}

TEST_CASE("a cluster that ends leaves no process behind") {
  {
    troupe::cluster cluster(config(3), register_tasks);
    auto client = cluster.connect();
    CHECK(client.submit<&square>(std::int64_t{3}).get() == 9);
  }
  CHECK(children().empty());
}
