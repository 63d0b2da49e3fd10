#include "actors/scheduler/recording.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <unistd.h>
#include <vector>

#include "actors/scheduler/effect_digest.hpp"
#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;
namespace fs = std::filesystem;

namespace {

struct file {
  std::string path;

  file() : path((fs::temp_directory_path() / "troupe-recording-XXXXXX").string()) {
    const int fd = mkstemp(path.data());
    REQUIRE(fd >= 0);
    ::close(fd);
  }

  ~file() { fs::remove(path); }
};

}  // namespace

TEST_CASE("a recording that is run again does the same") {
  const file here;
  const log_sink log(log_options{.level = "off"});
  scheduler_options options;
  options.worker_losses_max = 7;
  options.prefetch = std::chrono::milliseconds(3);
  options.record = here.path;
  auto written = recorder::open({options, "s", session}, log.make("scheduler"));
  REQUIRE(written);
  core::scheduler machine(options, "s", session);
  effects first;
  core::time_point now{std::chrono::hours(2)};
  const auto happens = [&](const event& e) {
    (*written)->note(e, now);
    const auto before = first.size();
    machine.handle(e, now, first);
    (*written)->note(std::span(first).subspan(before));
    now += std::chrono::milliseconds(10);
  };
  auto who = std::make_shared<hello>();
  who->token = "hush";
  auto worker = std::make_shared<hello>();
  worker->as = role::worker;
  worker->tasks = {{"f", "()"}};
  happens(client_joined{1, who});
  happens(worker_joined{2, worker});
  for (std::uint64_t n = 1; n <= 20; ++n)
    happens(client_said{alice, submit_task{number(n), spec(), value(bytes::copy("args")), {}}});
  happens(worker_said{v, run_finished{number(1), {1}, 5, std::chrono::seconds(1), false, {}}});
  (*written)->flush();
  happens(clock_ticked{});
  happens(launch_ended{"a launch", "killed"});
  happens(launch_unwanted{"a launch"});
  happens(worker_lost{v});
  happens(client_lost{alice});
  written->reset();

  auto found = recording::open(here.path);
  REQUIRE_MESSAGE(found, found.error().message);
  CHECK(found->scheduler().name == "s");
  CHECK(found->scheduler().options.worker_losses_max == 7);
  CHECK(found->scheduler().options.prefetch == options.prefetch);
  core::scheduler again(found->scheduler().options, found->scheduler().name,
                        found->scheduler().session);
  effects second;
  effect_digest digest;
  std::vector<bool> same;
  for (auto step = found->next(); step && *step; step = found->next()) {
    if (const auto* recorded = std::get_if<recorded_digest>(&**step)) {
      same.push_back(recorded->sum == digest.sum());
      continue;
    }
    const auto& e = std::get<recorded_event>(**step);
    if (const auto* joined = std::get_if<client_joined>(&e.what)) CHECK(joined->who->token.empty());
    const auto before = second.size();
    again.handle(e.what, e.at, second);
    digest.add(std::span(second).subspan(before));
  }
  CHECK(second == first);
  CHECK(same == std::vector<bool>{true, true});
}

TEST_CASE("a recording that has reached its limit ends, and what is in it can be read") {
  const file here;
  const log_sink log(log_options{.level = "off"});
  scheduler_options options;
  options.record = here.path;
  options.record_max = 4096;
  auto written = recorder::open({options, "s", session}, log.make("scheduler"));
  REQUIRE(written);
  for (int i = 0; i < 1000; ++i) {
    (*written)->note(clock_ticked{}, core::time_point(std::chrono::hours(2)));
    (*written)->flush();
  }
  CHECK(fs::file_size(here.path) <= 4096);
  auto found = recording::open(here.path);
  REQUIRE(found);
  CHECK(found->cut_bytes() == 0);
  int events = 0;
  for (auto step = found->next(); step && *step; step = found->next())
    ++events;
  CHECK(events > 50);
}

TEST_CASE("what is no recording is an error that says so") {
  const file here;
  std::ofstream(here.path) << "a text";
  const auto found = recording::open(here.path);
  REQUIRE_FALSE(found);
  CHECK(found.error().message.find(here.path) != std::string::npos);
  CHECK(found.error().message.find("no recording") != std::string::npos);
}
