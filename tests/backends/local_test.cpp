#include "backends/local/local.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include "backends/process.hpp"

using namespace troupe;
using namespace troupe::backends;
using namespace std::chrono_literals;

namespace {

using phase = launch_status::phase;

/// A file for what children print.
class printed {
public:
  int number() const { return fileno(file_.get()); }

  std::string text() const {
    std::string all(100'000, '\0');
    const auto size = pread(number(), all.data(), all.size(), 0);
    all.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return all;
  }

private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{std::tmpfile(), &std::fclose};
};

worker_order shell(const std::string& script) {
  worker_order order;
  order.command = {"sh", "-c", script};
  return order;
}

/// Surveys until the launch is gone.
launch_status end_of(backend& place, const launch_id& id) {
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (std::chrono::steady_clock::now() < until) {
    auto all = place.survey();
    REQUIRE(all);
    auto found = std::find_if(all->begin(), all->end(), [&](auto& s) { return s.id == id; });
    REQUIRE(found != all->end());
    if (found->at == phase::gone) return *found;
    std::this_thread::yield();
  }
  FAIL("the launch does not end");
  return {};
}

bool exists(pid_t pid) {
  return kill(pid, 0) == 0;
}

}  // namespace

TEST_CASE("a launched process is listed as running, then once as gone with its last words") {
  const printed errors;
  auto place = local::make_process_place(errors.number());
  auto id = place->launch(shell("read x <&3; exit 1"));
  REQUIRE(id);
  CHECK(*place->survey() == std::vector<launch_status>{{*id, phase::running}});
  auto other = place->launch(shell("echo troupe: no such library >&2; exit 3"));
  REQUIRE(other);
  CHECK(end_of(*place, *other).detail ==
        "process " + *other + " ended: exit code 3, saying: troupe: no such library");
  CHECK(errors.text() == "troupe: no such library\n");
  CHECK(*place->survey() == std::vector<launch_status>{{*id, phase::running}});
}

TEST_CASE("of many last words the last lines are kept, complete or not") {
  const printed errors;
  auto place = local::make_process_place(errors.number());
  auto id = place->launch(shell("seq 1 5000 >&2; printf 'the end' >&2; kill -9 $$"));
  REQUIRE(id);
  CHECK(end_of(*place, *id).detail ==
        "process " + *id + " ended: killed by signal 9 (Killed), saying: 4999 | 5000 | the end");
  CHECK(errors.text().starts_with("1\n2\n3\n"));
  CHECK(errors.text().ends_with("\n4999\n5000\nthe end\n"));
}

TEST_CASE("a retired process ends, and retiring it again or an unknown one is a success") {
  auto place = local::make_process_place(STDERR_FILENO);
  auto id = place->launch(shell("exec sleep 1000"));
  REQUIRE(id);
  CHECK(place->retire(*id));
  CHECK(place->retire(*id));
  CHECK(place->retire("4711"));
  CHECK(end_of(*place, *id).detail ==
        "process " + *id + " ended: killed by signal 15 (Terminated), without a word");
  CHECK(place->retire(*id));
}

TEST_CASE("a launch that cannot be is refused with the reason") {
  auto place = local::make_process_place(STDERR_FILENO);
  worker_order order;
  order.command = {"/nowhere/troupe"};
  auto id = place->launch(order);
  REQUIRE_FALSE(id);
  CHECK(id.error().message == "cannot run /nowhere/troupe: No such file or directory");
  CHECK(place->survey()->empty());
}

TEST_CASE("the place ends its processes with itself") {
  pid_t pid = 0;
  {
    auto place = local::make_process_place(STDERR_FILENO);
    auto id = place->launch(shell("exec sleep 1000"));
    REQUIRE(id);
    pid = std::stoi(*id);
    CHECK(exists(pid));
  }
  CHECK_FALSE(exists(pid));
}

TEST_CASE("processes end with an owner that is killed") {
  auto pids = make_pipe();
  REQUIRE(pids);
  const pid_t owner = fork();
  if (owner == 0) {
    auto place = local::make_process_place(STDERR_FILENO);
    auto id = place->launch(shell("exec sleep 1000"));
    const pid_t pid = id ? std::stoi(*id) : 0;
    [[maybe_unused]] auto size = write(pids->write.number(), &pid, sizeof pid);
    for (;;)
      pause();
  }
  pid_t pid = 0;
  REQUIRE(read(pids->read.number(), &pid, sizeof pid) == sizeof pid);
  REQUIRE(pid > 0);
  CHECK(exists(pid));
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  const auto gone = [&] {
    // Whoever adopts it may take its time to reap it.
    const auto path = "/proc/" + std::to_string(pid) + "/stat";
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return true;
    std::array<char, 256> text{};
    const auto size = read(fd, text.data(), text.size() - 1);
    close(fd);
    return size <= 0 || std::string(text.data()).find(") Z ") != std::string::npos;
  };
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (!gone() && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  CHECK(gone());
}

TEST_CASE("workers that are threads are made and ended by the services") {
  std::vector<std::string> calls;
  services from;
  from.launch_here = [&](const worker_order& order) -> result<launch_id> {
    if (order.name == "bad") return error{errc::bad_config, "no such library"};
    calls.push_back("launch " + order.name);
    return launch_id("here-" + order.name);
  };
  from.retire_here = [&](const launch_id& id) { calls.push_back("retire " + id); };
  {
    auto place = local::make_thread_place(from);
    worker_order order;
    order.name = "a";
    REQUIRE(place->launch(order));
    order.name = "b";
    REQUIRE(place->launch(order));
    order.name = "bad";
    CHECK(place->launch(order).error().message == "no such library");
    CHECK(place->retire("here-a"));
    CHECK(place->retire("here-a"));
    CHECK(*place->survey() == std::vector<launch_status>{{"here-b", phase::running}});
  }
  CHECK(calls ==
        std::vector<std::string>{"launch a", "launch b", "retire here-a", "retire here-b"});
}
