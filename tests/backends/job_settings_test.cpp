#include "backends/jobqueue/job_settings.hpp"

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "config/toml.hpp"
#include "test_paths.hpp"

using namespace troupe;
using namespace troupe::backends::jobqueue;
using namespace std::chrono_literals;

namespace {

bool nothing_here(const std::string&) {
  return false;
}

settings section_of(const std::string& toml) {
  return settings("cluster.jobqueue", read_toml(toml, "a.toml").value());
}

job_settings read(const std::string& toml) {
  auto section = section_of(toml);
  auto job = read_job_settings(section, nothing_here);
  REQUIRE(job);
  const auto left = section.leftovers();
  CAPTURE(toml);
  REQUIRE(left);
  return *job;
}

std::string mistakes(const std::string& toml) {
  auto section = section_of(toml);
  auto job = read_job_settings(section, nothing_here);
  if (!job) return job.error().message;
  const auto left = section.leftovers();
  return left ? "" : left.error().message;
}

}  // namespace

TEST_CASE("keys that are read before the others are keys as well") {
  CHECK(read("system = \"slurm\"\nmode = \"jobs\"").system == batch_system::slurm);
  const auto told = mistakes("system = \"slurm\"\nsit = \"home\"");
  CHECK(told.find("unknown key cluster.jobqueue.sit") != std::string::npos);
  CHECK(told.find("site") != std::string::npos);
}

TEST_CASE("a job's settings are read from their section") {
  const auto job = read(R"(
system = "lsf"
memory = "10GiB"
walltime = "2h"
prologue = ["module load gcc"]
)");
  CHECK(job.system == batch_system::lsf);
  CHECK(job.memory_bytes == std::uint64_t{10} << 30);
  CHECK(job.walltime == 2h);
  CHECK(job.walltime_warning == 2min);
  CHECK(job.prologue == std::vector<std::string>{"module load gcc"});
}

TEST_CASE("a short walltime has a short warning") {
  CHECK(read("system = \"slurm\"\nwalltime = \"1m\"").walltime_warning == 15s);
}

TEST_CASE("a site's preset is below what the section says, and what it inherits below it") {
  const auto job = read(R"(
system = "slurm"
site = "gpu"
cores = 4
[sites.gpu]
inherit = "base"
queue = "gpu"
cores = 8
[sites.base]
queue = "main"
account = "abc"
[sites.other]
queue = "other"
)");
  CHECK(job.queue == "gpu");
  CHECK(job.cores == 4);
  CHECK(job.account == "abc");
}

TEST_CASE("mistakes in a preset are told with the place of the preset") {
  CHECK(mistakes("system = \"slurm\"\nsite = \"a\"\n[sites.a]\nwalltime = 3")
            .find("a.toml:4:12: cluster.jobqueue.walltime must be a duration") == 0);
  CHECK(mistakes("system = \"slurm\"\nsite = \"gpi\"\n[sites.gpu]") ==
        "there is no section [cluster.jobqueue.sites.gpi]; there is gpu; did you mean gpu?");
  CHECK(mistakes("site = \"a\"\n[sites.a]\ninherit = \"b\"\n[sites.b]\ninherit = \"a\"") ==
        "cluster.jobqueue.sites.a inherits from itself");
}

TEST_CASE("values that fit no job are refused") {
  CHECK(mistakes("system = \"slurm\"\nwalltime = \"1m\"\nwalltime_warning = \"2m\"")
            .find("walltime_warning must be at most half of walltime") != std::string::npos);
  CHECK(mistakes("system = \"htcondor\"\nnodes_per_job = 2").find("HTCondor") != std::string::npos);
  CHECK(mistakes("system = \"slurm\"\ndirectives = [\"a\\nb\"]").find("must be one line") !=
        std::string::npos);
  CHECK(mistakes("system = \"slurm\"\nqeue = \"x\"").find("queue") != std::string::npos);
}

TEST_CASE("the system is found by its commands") {
  const auto found = [](std::set<std::string> programs) {
    return detect_system([programs](const std::string& name) { return programs.contains(name); });
  };
  CHECK(*found({"sbatch", "qsub"}) == batch_system::slurm);
  CHECK(*found({"qsub"}) == batch_system::pbs);
  CHECK(*found({"qsub", "qconf"}) == batch_system::sge);
  CHECK(found({}).error().message.find("none of sbatch") != std::string::npos);
}

TEST_CASE("every key of [cluster.jobqueue] is told about in the shipped file") {
  std::ifstream in(TROUPE_SOURCE_DIR "/config/troupe.toml");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto begin = text.find("# [cluster.jobqueue]");
  REQUIRE(begin != std::string::npos);
  auto part = text.substr(begin, text.find("\n[", begin) - begin);
  std::string uncommented;
  std::istringstream lines(part);
  for (std::string line; std::getline(lines, line);)
    if (std::regex_search(line, std::regex("^# [a-z_]+ = "))) uncommented += line.substr(2) + "\n";
  // All that the file names is known, and its defaults are those of the program.
  REQUIRE(uncommented.find("system = \"auto\"\n") == 0);
  uncommented.replace(0, 15, "system = \"slurm\"");
  // Where there are no jobs, there are no settings of jobs.
  const std::string mode = "mode = \"jobs\"\n";
  REQUIRE(uncommented.find(mode) != std::string::npos);
  uncommented.erase(uncommented.find(mode), mode.size());
  CHECK(read(uncommented) == read("system = \"slurm\""));
  CHECK(read_toml(uncommented, "troupe.toml").value().size() == 32);
}
