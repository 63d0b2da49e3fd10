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

launch_order shell(const std::string& script) {
  launch_order order;
  order.command = {"sh", "-c", script};
  return order;
}

result<launch_id> launch_one(backend& place, const launch_order& order) {
  auto ids = place.launch(order);
  if (!ids) return ids.error();
  REQUIRE(ids->size() == 1);
  return ids->front();
}

launch_status running(const launch_id& id, std::uint64_t number) {
  launch_status status;
  status.id = id;
  status.at = phase::running;
  status.launch = number;
  return status;
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
  auto id = launch_one(*place, shell("read x <&3; exit 1"));
  REQUIRE(id);
  CHECK(*place->survey() == std::vector<launch_status>{running(*id, 1)});
  auto other = launch_one(*place, shell("echo troupe: no such library >&2; exit 3"));
  REQUIRE(other);
  CHECK(end_of(*place, *other).detail ==
        "process " + *other + " ended: exit code 3, saying: troupe: no such library");
  CHECK(errors.text() == "troupe: no such library\n");
  CHECK(*place->survey() == std::vector<launch_status>{running(*id, 1)});
}

TEST_CASE("of many last words the last lines are kept, complete or not") {
  const printed errors;
  auto place = local::make_process_place(errors.number());
  auto id = launch_one(*place, shell("seq 1 5000 >&2; printf 'the end' >&2; kill -9 $$"));
  REQUIRE(id);
  CHECK(end_of(*place, *id).detail ==
        "process " + *id + " ended: killed by signal 9 (Killed), saying: 4999 | 5000 | the end");
  CHECK(errors.text().starts_with("1\n2\n3\n"));
  CHECK(errors.text().ends_with("\n4999\n5000\nthe end\n"));
}

TEST_CASE("a retired process ends, and retiring it again or an unknown one is a success") {
  auto place = local::make_process_place(STDERR_FILENO);
  auto id = launch_one(*place, shell("exec sleep 1000"));
  REQUIRE(id);
  CHECK(place->retire({*id}));
  CHECK(place->retire({*id}));
  CHECK(place->retire({"4711"}));
  CHECK(end_of(*place, *id).detail ==
        "process " + *id + " ended: killed by signal 15 (Terminated), without a word");
  CHECK(place->retire({*id}));
}

TEST_CASE("a launch that cannot be is refused with the reason") {
  auto place = local::make_process_place(STDERR_FILENO);
  launch_order order;
  order.command = {"/nowhere/troupe"};
  auto id = launch_one(*place, order);
  REQUIRE_FALSE(id);
  CHECK(id.error().message == "cannot run /nowhere/troupe: No such file or directory");
  CHECK(place->survey()->empty());
}

TEST_CASE("the place ends its processes with itself") {
  pid_t pid = 0;
  {
    auto place = local::make_process_place(STDERR_FILENO);
    auto id = launch_one(*place, shell("exec sleep 1000"));
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
    auto id = launch_one(*place, shell("exec sleep 1000"));
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
  from.launch_here = [&](const launch_order& order, std::uint64_t) -> result<launch_id> {
    if (order.name == "bad") return error{errc::bad_config, "no such library"};
    calls.push_back("launch " + order.name);
    return launch_id("here-" + order.name);
  };
  from.retire_here = [&](const launch_id& id) { calls.push_back("retire " + id); };
  {
    auto place = local::make_thread_place(from);
    launch_order order;
    order.name = "a";
    REQUIRE(launch_one(*place, order));
    order.name = "b";
    order.first = 2;
    REQUIRE(launch_one(*place, order));
    order.name = "bad";
    CHECK(launch_one(*place, order).error().message == "no such library");
    CHECK(place->retire({"here-a"}));
    CHECK(place->retire({"here-a"}));
    CHECK(*place->survey() == std::vector<launch_status>{running("here-b", 2)});
  }
  CHECK(calls ==
        std::vector<std::string>{"launch a", "launch b", "retire here-a", "retire here-b"});
}

TEST_CASE("launches of several workers each are started and ended as wholes, and told apart") {
  const printed errors;
  auto place = local::make_process_place(errors.number());
  auto order = shell("echo $TROUPE_LAUNCH $TROUPE_WORKER__NAME $SECRET >&2; read x <&3; exit 0");
  order.environment["SECRET"] = "hush";
  order.first = 7;
  order.count = 2;
  order.workers = 2;
  order.name = "w";
  const auto ids = place->launch(order).value();
  REQUIRE(ids.size() == 2);
  CHECK(*place->survey() == std::vector<launch_status>{running(ids[0], 7), running(ids[1], 8)});
  const auto all_said = [&] {
    const auto text = errors.text();
    for (const auto* line :
         {"7 w-7-0 hush\n", "7 w-7-1 hush\n", "8 w-8-0 hush\n", "8 w-8-1 hush\n"})
      if (text.find(line) == std::string::npos) return false;
    return true;
  };
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (!all_said() && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  CHECK(all_said());
  CHECK(place->retire({ids[0]}));
  const auto end = end_of(*place, ids[0]);
  CHECK(end.launch == 7);
  CHECK(end.failure == launch_failure::cancelled);
  CHECK(*place->survey() == std::vector<launch_status>{running(ids[1], 8)});
}

TEST_CASE("the preview shows what is run, and no values of the environment") {
  auto place = local::make_process_place(STDERR_FILENO);
  auto order = shell("echo 'it is'");
  order.environment["SECRET"] = "hush";
  order.name = "w";
  CHECK(place->preview(order).value() ==
        "# 1 times 1 processes of this machine, each:\nTROUPE_LAUNCH=1 \\\n"
        "TROUPE_WORKER__NAME=w-1 \\\nSECRET=... \\\nsh -c 'echo '\\''it is'\\'''\n");
}

TEST_CASE("workers that end with their owner cannot be kept") {
  CHECK(local::make_process_place(STDERR_FILENO)->keep().error().code == errc::bad_config);
}
