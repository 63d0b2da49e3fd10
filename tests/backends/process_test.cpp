#include "backends/process.hpp"

#include <array>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <signal.h>
#include <string>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::backends;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 10s;

/// What a shell script writes on its standard error, and how it ends.
struct outcome {
  std::string errors;
  process_end end;
};

outcome run(const std::string& script, process_order order = {}) {
  auto ends = make_pipe();
  REQUIRE(ends);
  order.command = {"sh", "-c", script};
  order.errors = ends->write.number();
  auto started = process::start(order);
  REQUIRE_MESSAGE(started, started.error().message);
  ends->write = {};
  outcome result;
  std::array<char, 1024> data{};
  for (ssize_t size = 0; (size = read(ends->read.number(), data.data(), data.size())) > 0;)
    result.errors.append(data.data(), static_cast<std::size_t>(size));
  auto end = started->wait(deadline);
  REQUIRE(end);
  result.end = *end;
  return result;
}

}  // namespace

TEST_CASE("a process that returns is seen with its exit code") {
  CHECK(run("exit 0").end == process_end{0, 0});
  CHECK(run("exit 7").end == process_end{7, 0});
  CHECK(describe(process_end{7, 0}) == "exit code 7");
}

TEST_CASE("a process that is killed is seen with its signal") {
  auto started = process::start({{"sleep", "1000"}, {}});
  REQUIRE(started);
  CHECK_FALSE(started->poll());
  started->kill();
  CHECK(started->wait(deadline) == process_end{0, SIGKILL});
  CHECK(started->poll() == process_end{0, SIGKILL});
  CHECK(describe(process_end{0, SIGKILL}) == "killed by signal 9 (Killed)");
}

TEST_CASE("waiting for a process that goes on ends at the limit") {
  auto started = process::start({{"sleep", "1000"}, {}});
  REQUIRE(started);
  CHECK_FALSE(started->wait(1ms));
  started->terminate();
  CHECK(started->wait(deadline) == process_end{0, SIGTERM});
  started->terminate();
  started->kill();
}

TEST_CASE("killing a process kills what it started as well") {
  auto out = make_pipe();
  REQUIRE(out);
  process_order order{{"sh", "-c", "sleep 1000 & echo started >&2; wait"}, {}};
  order.errors = out->write.number();
  auto started = process::start(order);
  REQUIRE(started);
  out->write = {};
  std::array<char, 64> data{};
  REQUIRE(read(out->read.number(), data.data(), data.size()) > 0);
  started->kill();
  REQUIRE(started->wait(deadline));
  // End of file: nobody has the pipe open any more.
  CHECK(read(out->read.number(), data.data(), data.size()) == 0);
}

TEST_CASE("a program that does not exist is an error that names it") {
  auto unknown = process::start({{"no-such-program-anywhere"}, {}});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message == "there is no program 'no-such-program-anywhere' in PATH");
  auto absent = process::start({{"/nowhere/at/all"}, {}});
  REQUIRE_FALSE(absent);
  CHECK(absent.error().message == "cannot run /nowhere/at/all: No such file or directory");
  auto directory = process::start({{"/"}, {}});
  REQUIRE_FALSE(directory);
  CHECK(directory.error().message == "cannot run /: Permission denied");
}

TEST_CASE("the environment of a child is ours with what the order says") {
  setenv("TROUPE_TEST_KEPT", "kept", 1);
  setenv("TROUPE_TEST_REPLACED", "old", 1);
  process_order order;
  order.environment = {{"TROUPE_TEST_REPLACED", "new"}, {"TROUPE_TEST_ADDED", "a b"}};
  CHECK(run("echo $TROUPE_TEST_KEPT $TROUPE_TEST_REPLACED \"$TROUPE_TEST_ADDED\" >&2", order)
            .errors == "kept new a b\n");
  unsetenv("TROUPE_TEST_KEPT");
  unsetenv("TROUPE_TEST_REPLACED");
}

TEST_CASE("a child reads nothing and inherits no open file, whatever its flags") {
  const int leaky = open("/dev/null", O_RDONLY);
  REQUIRE(leaky > 2);
  const auto seen = run("cat; exec ls /proc/self/fd >&2");
  CHECK(seen.errors == "0\n1\n2\n3\n");  // 3 is the directory that ls reads.
  close(leaky);
}

TEST_CASE("a child is in a process group of its own") {
  const auto seen = run("echo $$ $(ps -o pgid= -p $$) >&2");
  const auto blank = seen.errors.find(' ');
  REQUIRE(blank != std::string::npos);
  CHECK(seen.errors.substr(0, blank) + "\n" == seen.errors.substr(blank + 1));
}

TEST_CASE("a child reads the end of its lifeline when the other end is closed") {
  auto lifeline = make_pipe();
  REQUIRE(lifeline);
  process_order order{{"sh", "-c", "test $TROUPE_LIFELINE_FD = 3 && ! read x <&3"}, {}};
  order.lifeline = lifeline->read.number();
  auto started = process::start(order);
  REQUIRE(started);
  CHECK_FALSE(started->wait(20ms));
  lifeline->write = {};
  CHECK(started->wait(deadline) == process_end{0, 0});
}

TEST_CASE("blocked and ignored signals of ours are not those of the child") {
  sigset_t term;
  sigset_t before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &term, &before);
  auto started = process::start({{"sleep", "1000"}, {}});
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  REQUIRE(started);
  started->terminate();
  CHECK(started->wait(deadline) == process_end{0, SIGTERM});
}
