#include "backends/jobqueue/jobqueue.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <signal.h>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include <troupe/settings.hpp>

#include "backends/command.hpp"
#include "backends/jobqueue/job_folder.hpp"
#include "backends/jobqueue/queue_commands.hpp"

using namespace troupe;
using namespace troupe::backends;
using jobqueue::is_passing;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;
using phase = launch_status::phase;

/// A Slurm of three shell scripts: its queue is a file of the lines that squeue prints, for the
/// test to change.
class fake_slurm {
public:
  fake_slurm() {
    REQUIRE(mkdtemp(path_.data()));
    fs::create_directory(path_ + "/bin");
    program("sbatch", R"(
[ ! -e "$at/away" ] || { rm "$at/away"; echo "Unable to contact slurm controller" >&2; exit 1; }
[ ! -e "$at/refuse" ] || { cat "$at/refuse" >&2; exit 1; }
if [ "$1" = --test-only ]; then
  echo "sbatch: Job 9 to start at 2199-01-02T03:04:05 using 4 processors" >&2
  exit
fi
id=$(( $(cat "$at/last" 2>/dev/null || echo 10) + 1 ))
echo $id >"$at/last"
for script; do :; done
name=$(sed -n 's/^#SBATCH --job-name=//p' "$script")
last=$(sed -n 's/^#SBATCH --array=0-//p' "$script")
[ -n "$last" ] || { echo "$id|PENDING|Priority|N/A|N/A||$name" >>"$at/queue"; echo $id; exit; }
for i in $(seq 0 $last); do echo "${id}_$i|PENDING|Priority|N/A|N/A||$name"; done >>"$at/queue"
echo $id
)");
    program("squeue", R"(
echo asked >>"$at/asked"
[ ! -e "$at/deaf" ] || { echo "slurm_load_jobs error: Unable to contact" >&2; exit 1; }
cat "$at/queue"
)");
    program("scancel", R"(
[ ! -e "$at/away" ] || { rm "$at/away"; echo "Socket timed out on send/recv" >&2; exit 1; }
for id; do sed -i "s/^$id|[A-Z]*|/$id|CANCELLED|/" "$at/queue"; done
echo "$@" >>"$at/cancelled"
)");
    put("queue", "");
    setenv("PATH", (path_ + "/bin:" + path_before_).c_str(), 1);
  }

  fake_slurm(const fake_slurm&) = delete;
  fake_slurm& operator=(const fake_slurm&) = delete;

  ~fake_slurm() {
    setenv("PATH", path_before_.c_str(), 1);
    fs::remove_all(path_);
  }

  std::unique_ptr<backend> place() {
    settings section("cluster.jobqueue");
    section.set("system", "slurm")
        .set("query_interval_min", "10ms")
        .set("query_interval_max", "10ms");
    section.set("shared_directory", path_ + "/shared");
    services given;
    given.cluster = "k7";
    given.log = [this](const std::string& line) { log += line + "\n"; };
    auto made = jobqueue::make(section, given);
    REQUIRE_MESSAGE(made, describe(made.error()));
    REQUIRE(section.leftovers());
    return std::move(made).value();
  }

  /// One that is asked once an hour, unless there is a reason.
  std::unique_ptr<backend> seldom_asked() const {
    settings section("cluster.jobqueue");
    section.set("system", "slurm").set("query_interval_min", "1h").set("query_interval_max", "1h");
    section.set("shared_directory", path_ + "/shared");
    services given;
    given.cluster = "k7";
    return jobqueue::make(section, given).value();
  }

  launch_order order(std::uint32_t count = 1) const {
    launch_order one;
    one.first = 5;
    one.count = count;
    one.cluster = "k7";
    one.name = "calc";
    one.command = {"troupe", "worker"};
    one.environment = {{"TROUPE_SECURITY__TOKEN", "se'cret"}};
    return one;
  }

  void put(const std::string& file, const std::string& text) const {
    std::ofstream(path_ + "/" + file) << text;
  }

  std::string get(const std::string& file) const {
    std::ifstream in(path_ + "/" + file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  /// The line of job `id` becomes this.
  void job(const std::string& id, const std::string& rest) const {
    std::istringstream lines(get("queue"));
    std::string text;
    for (std::string line; std::getline(lines, line);)
      text += (line.rfind(id + "|", 0) == 0 ? id + "|" + rest : line) + "\n";
    put("queue", text);
  }

  const std::string& path() const { return path_; }

  std::string log;

private:
  void program(const std::string& name, const std::string& text) const {
    const auto file = path_ + "/bin/" + name;
    std::ofstream(file) << "#!/bin/sh\nat=" << path_ << text;
    fs::permissions(file, fs::perms::owner_all);
  }

  std::string path_ = (fs::temp_directory_path() / "troupe-fake-XXXXXX").string();
  const std::string path_before_ = std::getenv("PATH");
};

using condition = std::function<bool(const std::vector<launch_status>&)>;

/// Surveys until it is so.
std::vector<launch_status> survey_until(backend& place, const condition& so) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (std::chrono::steady_clock::now() < until) {
    auto all = place.survey();
    REQUIRE_MESSAGE(all, describe(all.error()));
    if (so(*all)) return *all;
    std::this_thread::sleep_for(5ms);
  }
  FAIL("the survey never said so");
  return {};
}

auto first_is(phase at) {
  return [at](const auto& all) { return !all.empty() && all.front().at == at; };
}

}  // namespace

TEST_CASE("several launches are one array, and each is followed from the queue to its end") {
  fake_slurm slurm;
  auto place = slurm.place();
  const auto ids = place->launch(slurm.order(3));
  REQUIRE(ids);
  CHECK(*ids == std::vector<launch_id>{"11_0", "11_1", "11_2"});
  auto all = survey_until(*place, [](const auto& now) { return !now.front().reason.empty(); });
  REQUIRE(all.size() == 3);
  CHECK(all[1].launch == 6);
  CHECK(all[1].reason == "Priority: other jobs come first");
  slurm.job("11_0", "RUNNING|None|N/A|2026-11-23T19:31:13|n1|troupe-k7-5");
  all = survey_until(*place, first_is(phase::running));
  CHECK(all[0].deadline);
  slurm.put("shared/troupe-k7/log/troupe-k7-5-11_0.log", "one\nno such library\n");
  slurm.job("11_0", "FAILED|NonZeroExitCode|N/A|N/A|n1|troupe-k7-5");
  all = survey_until(*place, first_is(phase::gone));
  CHECK(all[0].failure == launch_failure::exit_code);
  CHECK(all[0].detail == "job 11_0 on n1: FAILED, NonZeroExitCode, saying: one | no such library");
  // It is told once, though the queue still lists it.
  all = survey_until(*place, [](const auto& now) { return now.size() == 2; });
}

TEST_CASE("a request that can never be met is told as such, with what to do") {
  fake_slurm slurm;
  auto place = slurm.place();
  REQUIRE(place->launch(slurm.order()));
  slurm.job("11", "PENDING|PartitionTimeLimit|N/A|N/A||troupe-k7-5");
  const auto all = survey_until(*place, [](const auto& now) { return now.front().impossible; });
  CHECK(all[0].reason.find("lower walltime") != std::string::npos);
}

TEST_CASE("when a waiting job starts is asked for, if the queue does not say it") {
  fake_slurm slurm;
  auto place = slurm.place();
  REQUIRE(place->launch(slurm.order()));
  auto all =
      survey_until(*place, [](const auto& now) { return now.front().start_estimate.has_value(); });
  const auto asked = all[0].start_estimate;
  slurm.job("11", "PENDING|Priority|2198-01-02T03:04:05|N/A||troupe-k7-5");
  all = survey_until(*place, [&](const auto& now) { return now.front().start_estimate != asked; });
  CHECK(all[0].start_estimate < asked);
}

TEST_CASE("what we cancel ends in order, what others cancel is a failure") {
  fake_slurm slurm;
  auto place = slurm.place();
  REQUIRE(place->launch(slurm.order(2)));
  REQUIRE(place->retire({"11_0"}));
  CHECK(slurm.get("cancelled") == "11_0\n");
  auto all = survey_until(*place, first_is(phase::gone));
  CHECK(all[0].in_order);
  slurm.job("11_1", "CANCELLED|None|N/A|N/A|n1|troupe-k7-5");
  all = survey_until(*place, first_is(phase::gone));
  CHECK(all[0].failure == launch_failure::cancelled);
  CHECK_FALSE(all[0].in_order);
}

TEST_CASE("a submission that is refused says how, and a queue that is deaf is not an empty one") {
  fake_slurm slurm;
  auto place = slurm.place();
  slurm.put("refuse", "sbatch: error: invalid partition specified: nosuch\n");
  const auto refused = place->launch(slurm.order());
  REQUIRE_FALSE(refused);
  const auto& why = refused.error().message;
  CHECK(why.rfind("`sbatch --parsable " + slurm.path(), 0) == 0);
  CHECK(why.find("ended with exit code 1: sbatch: error: invalid partition") != std::string::npos);

  fs::remove(slurm.path() + "/refuse");
  REQUIRE(place->launch(slurm.order()));
  survey_until(*place, [](const auto& now) { return !now.front().reason.empty(); });
  slurm.put("deaf", "");
  survey_until(*place, [&](const auto& now) {
    REQUIRE(now.size() == 1);
    return slurm.log.find("Unable to contact") != std::string::npos;
  });
  fs::remove(slurm.path() + "/deaf");
}

TEST_CASE("a command is run again when the system is away for a moment, not when it refuses") {
  fake_slurm slurm;
  auto place = slurm.place();
  slurm.put("away", "");
  REQUIRE(place->launch(slurm.order(2)));
  slurm.put("away", "");
  REQUIRE(place->retire({"11_0"}));
  CHECK(slurm.get("cancelled") == "11_0\n");
  CHECK(slurm.log.empty());
  CHECK(is_passing("qstat: cannot connect to server pbs01 (errno=111)"));
  CHECK(is_passing("-- Failed to fetch ads from: <127.0.0.1:9618>"));
  CHECK_FALSE(is_passing("sbatch: error: invalid partition specified: nosuch"));
}

TEST_CASE("who knows that something has happened asks at once, but not more often than is polite") {
  fake_slurm slurm;
  auto place = slurm.seldom_asked();
  REQUIRE(place->survey());  // The first is due at once.
  REQUIRE(place->launch(slurm.order()));
  slurm.job("11", "CANCELLED|None|N/A|N/A|n1|troupe-k7-5");
  CHECK(place->survey().value().front().at == phase::pending);
  const auto begin = std::chrono::steady_clock::now();
  for (bool gone = false; !gone;) {
    place->look_closely();
    gone = place->survey().value().front().at == phase::gone;
    REQUIRE(std::chrono::steady_clock::now() - begin < 20s);
  }
  CHECK(slurm.get("asked") == "asked\nasked\n");
}

TEST_CASE("a job that is still ending when its worker is lost is looked at again soon") {
  fake_slurm slurm;
  auto place = slurm.seldom_asked();
  REQUIRE(place->launch(slurm.order()));
  slurm.job("11", "COMPLETING|None|N/A|N/A|n1|troupe-k7-5");
  place->look_closely();
  auto all = survey_until(*place, first_is(phase::running));
  slurm.job("11", "CANCELLED|None|N/A|N/A|n1|troupe-k7-5");
  all = survey_until(*place, first_is(phase::gone));
  CHECK(all.front().failure == launch_failure::cancelled);
}

TEST_CASE("jobs that somebody else submitted for this cluster are found, those of others are not") {
  fake_slurm slurm;
  auto place = slurm.place();
  slurm.put("queue",
            "7_2|RUNNING|None|N/A|N/A|n1|troupe-k7-20\n8|RUNNING|None|N/A|N/A|n1|troupe-k77-1\n");
  const auto all = survey_until(*place, [](const auto& now) { return !now.empty(); });
  REQUIRE(all.size() == 1);
  CHECK(all[0].id == "7_2");
  CHECK(all[0].launch == 22);
}

TEST_CASE("secrets are in a file that only its owner can read") {
  fake_slurm slurm;
  auto place = slurm.place();
  REQUIRE(place->launch(slurm.order()));
  const auto folder = slurm.path() + "/shared/troupe-k7";
  CHECK(slurm.get("shared/troupe-k7/environment") == "TROUPE_SECURITY__TOKEN='se'\\''cret'\n");
  CHECK(fs::status(folder).permissions() == fs::perms::owner_all);
  CHECK(slurm.get("shared/troupe-k7/job-5.sh").find("cret") == std::string::npos);
  CHECK(place->preview(slurm.order())->find("cret") == std::string::npos);
  place.reset();
  CHECK_FALSE(fs::exists(folder));
}

TEST_CASE("a folder that others can look into is refused") {
  fake_slurm slurm;
  auto place = slurm.place();
  const auto folder = slurm.path() + "/shared/troupe-k7";
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms::all);
  const auto refused = place->launch(slurm.order());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("only you can look into") != std::string::npos);
}

TEST_CASE("the end of the place cancels what is left") {
  fake_slurm slurm;
  auto place = slurm.place();
  REQUIRE(place->launch(slurm.order(2)));
  place.reset();
  CHECK(slurm.get("cancelled") == "11_0 11_1\n");
  CHECK(slurm.log.empty());
}

TEST_CASE("what is kept outlives the place") {
  fake_slurm slurm;
  auto place = slurm.place();
  REQUIRE(place->launch(slurm.order()));
  REQUIRE(place->keep());
  place.reset();
  CHECK(slurm.get("cancelled").empty());
  CHECK(fs::exists(slurm.path() + "/shared/troupe-k7/environment"));
}

TEST_CASE("an owner that is killed leaves nothing in the queue") {
  fake_slurm slurm;
  const pid_t owner = fork();
  REQUIRE(owner >= 0);
  if (owner == 0) {
    auto place = slurm.place();
    (void)place->launch(slurm.order(2)).has_value();
    raise(SIGKILL);
  }
  waitpid(owner, nullptr, 0);
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (fs::exists(slurm.path() + "/shared/troupe-k7") && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(5ms);
  CHECK(slurm.get("cancelled") == "11_0 11_1\n");
  CHECK_FALSE(fs::exists(slurm.path() + "/shared/troupe-k7"));
}

TEST_CASE("a queue in which nothing happens is asked less and less often") {
  fake_slurm slurm;
  settings section("cluster.jobqueue");
  section.set("system", "slurm").set("query_interval_min", "20ms").set("query_interval_max", "1h");
  section.set("shared_directory", slurm.path() + "/shared");
  services given;
  given.cluster = "k7";
  given.log = [](const std::string&) {};
  auto place = jobqueue::make(section, given).value();
  REQUIRE(place->launch(slurm.order()));
  const auto begin = std::chrono::steady_clock::now();
  const auto asked = [&] { return slurm.get("asked").size() / 6; };
  while (asked() < 4)
    if (!place->survey()) FAIL("the survey failed");
  // Twice 20 ms, as the first answer was news, then half as long again each time.
  CHECK(std::chrono::steady_clock::now() - begin >= 20ms + 20ms + 30ms + 45ms);
}

TEST_CASE("a command that takes too long is killed, and its complaint is shown") {
  const auto slow = run_command({{"sh", "-c", "echo wait >&2; sleep 60"}, {}, {}, 300ms});
  REQUIRE_FALSE(slow);
  CHECK(slow.error().code == errc::timeout);
  CHECK(slow.error().message ==
        "`sh -c 'echo wait >&2; sleep 60'` took longer than 1 s, saying: wait");
}

TEST_CASE("a command reads its file, and may print more than a pipe holds") {
  const auto file = (fs::temp_directory_path() / "troupe-input-XXXXXX").string();
  std::ofstream(file) << std::string(300'000, 'x');
  const auto printed = output_of({{"cat"}, {}, file});
  fs::remove(file);
  REQUIRE(printed);
  CHECK(printed->size() == 300'000);
}
