#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sched.h>
#include <signal.h>
#include <string>
#include <sys/mount.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include "tests/config/temporary_folder.hpp"
#include "tests/processes/support.hpp"

using namespace processes;
using namespace std::chrono_literals;

namespace {

bool run(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

/// What the thread does in namespaces of its own stays there; processes that it starts, too.
template <class Do>
void elsewhere(Do what) {
  std::thread(what).join();
}

/// Notices soon that somebody is silent, if that is not to be borne.
troupe::config watchful(std::uint32_t workers, std::chrono::milliseconds silence = 1500ms) {
  auto options = config(workers);
  options.network.heartbeat_interval = 200ms;
  options.network.silence_max = silence;
  options.scheduler.worker_grace = 1s;
  options.log.level = "off";
  return options;
}

std::vector<std::string> watchful_arguments(std::vector<std::string> first,
                                            std::chrono::milliseconds silence = 1500ms) {
  first.insert(first.end(), {"--set", "network.heartbeat_interval=200ms", "--set",
                             "network.silence_max=" + std::to_string(silence.count()) + "ms",
                             "--set", "log.level=off"});
  return first;
}

std::vector<troupe::future<std::int64_t>> some_work(const troupe::client& client) {
  std::vector<troupe::future<std::int64_t>> squares;
  for (std::int64_t n = 0; n < 200; ++n)
    squares.push_back(client.submit<&square_slowly>(n, std::int64_t{5000}));
  return squares;
}

constexpr std::int64_t total_of_work = 2646700;  // Of the squares below 200.

/// `troupe scheduler`, as watchful as the others.
class scheduler_alone {
public:
  scheduler_alone()
      : process_(start_troupe(
            watchful_arguments({"scheduler", "--set", "security.token=" + config(0).security.token,
                                "--set", "scheduler.listen=" + address()}))) {
    REQUIRE(eventually(30s, [&] { return std::filesystem::exists(folder_ / "socket"); }));
  }

  std::string address() const { return "unix://" + (folder_ / "socket").string(); }

  pid_t pid() const { return process_.pid(); }

  troupe::client connect() const { return troupe::client(address(), watchful(0)); }

private:
  temporary_folder folder_;
  running_worker process_;
};

/// A network of this machine and one that only processes started there see.
class two_machines {
public:
  two_machines() {
    const auto pid = getpid();
    here_ = "tr" + std::to_string(pid) + "a";
    subnet_ = "10." + std::to_string(128 + pid / 256 % 100) + "." + std::to_string(pid % 256) + ".";
    const auto far = "tr" + std::to_string(pid) + "b";
    elsewhere([&] {
      if (unshare(CLONE_NEWNET) != 0) return;
      there_ = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
      made_ =
          run("ip link set lo up && ip link add " + far + " type veth peer name " + here_ +
              " && ip link set " + here_ + " netns " + std::to_string(pid) + " && ip address add " +
              subnet_ + "2/30 dev " + far + " && ip link set " + far + " up");
    });
    made_ = made_ && run("ip address add " + address() + "/30 dev " + here_) && heal();
  }

  ~two_machines() {
    run("ip link delete " + here_);
    close(there_);
  }

  two_machines(const two_machines&) = delete;
  two_machines& operator=(const two_machines&) = delete;

  /// False if we may not make networks.
  bool made() const { return made_; }

  std::string address() const { return subnet_ + "1"; }

  running_worker start_there(const std::vector<std::string>& arguments) const {
    std::optional<running_worker> worker;
    elsewhere([&] {
      if (setns(there_, CLONE_NEWNET) == 0) worker.emplace(start_worker(arguments));
    });
    REQUIRE(worker);
    return std::move(*worker);
  }

  bool part() const { return run("ip link set " + here_ + " down"); }

  bool heal() const { return run("ip link set " + here_ + " up"); }

private:
  int there_ = -1;
  bool made_ = false;
  std::string here_;
  std::string subnet_;
};

/// A cluster with one worker here and one beyond the network, and work for both.
struct far_cluster {
  far_cluster(const two_machines& net, std::chrono::milliseconds silence)
      : cluster(options(net, silence), register_tasks),
        client(cluster.connect()),
        far(net.start_there(watchful_arguments(
            {cluster.address(), "--name", "far", "--set", "security.allow_plaintext=true"},
            silence))) {
    cluster.wait_for_workers(2, 30s);
    squares = some_work(client);
  }

  static troupe::config options(const two_machines& net, std::chrono::milliseconds silence) {
    auto made = watchful(1, silence);
    made.scheduler.listen = "tcp://" + net.address() + ":0";
    made.security.allow_plaintext = true;
    return made;
  }

  std::size_t done() const {
    return static_cast<std::size_t>(
        std::count_if(squares.begin(), squares.end(), [](const auto& one) { return one.ready(); }));
  }

  troupe::cluster cluster;
  troupe::client client;
  running_worker far;
  std::vector<troupe::future<std::int64_t>> squares;
};

}  // namespace

TEST_CASE("workers that are frozen lose their work to others, and are back when they thaw") {
  auto options = watchful(1);
  options.scheduler.listen = "tcp://127.0.0.1:0";
  troupe::cluster cluster(options, register_tasks);
  auto client = cluster.connect();
  const auto first = start_worker(watchful_arguments({cluster.address(), "--name", "first"}));
  const auto second = start_worker(watchful_arguments({cluster.address(), "--name", "second"}));
  cluster.wait_for_workers(3, 30s);
  auto all = client.submit<&sum>(some_work(client));
  REQUIRE(kill(first.pid(), SIGSTOP) == 0);
  REQUIRE(kill(second.pid(), SIGSTOP) == 0);
  CHECK(eventually(30s, [&] { return cluster.summary().workers == 1; }));
  CHECK(all.get() == total_of_work);
  kill(first.pid(), SIGCONT);
  kill(second.pid(), SIGCONT);
  CHECK(eventually(30s, [&] { return cluster.summary().workers == 3; }));
  CHECK(client.submit<&sum>(some_work(client)).get() == total_of_work);
}

TEST_CASE("a scheduler that is frozen for long loses nothing of what it had") {
  const scheduler_alone scheduler;
  const auto worker = start_worker(watchful_arguments({scheduler.address()}));
  const auto client = scheduler.connect();
  const auto squares = some_work(client);
  CHECK(squares.front().get() == 0);
  REQUIRE(kill(scheduler.pid(), SIGSTOP) == 0);
  // Both of the others have noticed by then.
  CHECK_FALSE(squares.back().wait_for(2500ms));
  REQUIRE(kill(scheduler.pid(), SIGCONT) == 0);
  CHECK(client.submit<&sum>(squares).get() == total_of_work);
}

TEST_CASE("a network that parts for a moment costs no worker and no result") {
  const two_machines net;
  if (!net.made()) {
    MESSAGE("skipped: this user may not make network namespaces");
    return;
  }
  const far_cluster c(net, 20s);
  auto all = c.client.submit<&sum>(c.squares);
  REQUIRE(net.part());
  // For so long: the worker that is here goes on meanwhile.
  const auto before = c.done();
  CHECK(eventually(10s, [&] { return c.done() >= std::min<std::size_t>(before + 20, 100); }));
  REQUIRE(net.heal());
  CHECK(all.get() == total_of_work);
  CHECK(c.cluster.summary().workers == 2);
}

TEST_CASE("a network that parts for long costs no result, and who was beyond it comes back") {
  const two_machines net;
  if (!net.made()) {
    MESSAGE("skipped: this user may not make network namespaces");
    return;
  }
  const far_cluster c(net, 1500ms);
  auto all = c.client.submit<&sum>(c.squares);
  REQUIRE(net.part());
  CHECK(eventually(30s, [&] { return c.cluster.summary().workers == 1; }));
  CHECK(all.get() == total_of_work);
  REQUIRE(net.heal());
  CHECK(eventually(60s, [&] { return c.cluster.summary().workers == 2; }));
  CHECK(c.client.submit<&sum>(some_work(c.client)).get() == total_of_work);
}

TEST_CASE("a worker whose disk is full keeps results in memory, and works on") {
  const scheduler_alone scheduler;
  const temporary_folder disk;
  std::optional<running_worker> worker;
  elsewhere([&] {
    // Seen by this thread and what it starts only, and gone with them.
    if (unshare(CLONE_NEWNS) == 0 &&
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        mount("none", disk.path().c_str(), "tmpfs", 0, "size=12m") == 0)
      worker.emplace(start_worker(
          watchful_arguments({scheduler.address(), "--set", "worker.memory=160MiB", "--set",
                              "worker.memory_pause=0", "--set", "worker.memory_terminate=0",
                              "--set", "worker.local_directory=" + disk.path().string()})));
  });
  if (!worker) {
    MESSAGE("skipped: this user may not mount");
    return;
  }
  const auto client = scheduler.connect();
  std::vector<troupe::future<std::vector<double>>> ramps;
  for (int i = 0; i < 30; ++i)
    ramps.push_back(client.submit<&ramp>(std::int64_t{1'000'000}));
  for (auto& one : ramps)
    CHECK(client.submit<&total>(one).get() == doctest::Approx(999999.0 * 500000));
  const auto seen = "/proc/" + std::to_string(worker->pid()) + "/root" + disk.path().string();
  CHECK(std::filesystem::space(seen).available < (std::uintmax_t{4} << 20));
}
