#include "backends/jobqueue/job_script.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

#include "backends/process.hpp"
#include "test_paths.hpp"

using namespace troupe;
using namespace troupe::backends::jobqueue;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

job_order small_order() {
  job_order order;
  order.cluster = "k7";
  order.first = 3;
  order.memory_bytes = 2 * gib;
  order.name = "calc";
  order.command = {"/opt/troupe", "worker", "tcp://10.0.0.1:8786"};
  order.folder = "/home/ana/.troupe/k7";
  return order;
}

/// All that can be said to every system, and two workers a job.
job_settings full_settings(batch_system system) {
  job_settings job;
  job.system = system;
  job.job_name = "wind";
  job.queue = "regular";
  job.account = "my proj";
  job.cores = 8;
  job.memory_bytes = 28'000'000'000;
  job.walltime = 1h;
  job.walltime_warning = 150s;
  job.parallel_environment = "smp";
  job.memory_per_core_property = "memcore";
  job.directives = {system == batch_system::htcondor ? "+Extra = True" : "--extra=1"};
  job.prologue = {"module load x", "export A=1"};
  job.epilogue = {"echo \"done\""};
  job.worker_arguments = {"--set", "worker.resources={ gpu = 1 }"};
  job.local_directory = "$TMPDIR/troupe";
  job.interface = "ib0";
  job.log_directory = "/logs";
  return job;
}

job_order full_order() {
  auto order = small_order();
  order.count = 4;
  order.workers = 2;
  order.threads = 4;
  order.command.insert(order.command.end(), {"--note", "it's"});
  return order;
}

std::string shown(const std::string& title, const job_settings& job, const job_order& order) {
  const auto texts = write_job(job, order);
  auto text = "=== " + title + "\n" + texts.script;
  if (!texts.node_script.empty()) text += "--- on each node\n" + texts.node_script;
  if (!texts.description.empty()) text += "--- description\n" + texts.description;
  return text;
}

std::string all_scripts(batch_system system) {
  job_settings small;
  small.system = system;
  auto text = shown("the least", small, small_order()) +
              shown("an array of four jobs of two workers", full_settings(system), full_order());
  if (system == batch_system::htcondor) return text;
  auto wide = full_settings(system);
  wide.nodes_per_job = 2;
  wide.epilogue.clear();
  return text + shown("two nodes", wide, full_order());
}

std::string content(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct folder {
  folder() { REQUIRE(mkdtemp(path.data())); }

  ~folder() { fs::remove_all(path); }

  std::string path = (fs::temp_directory_path() / "troupe-script-XXXXXX").string();
};

/// Runs the script as an array's job of this index, with `command` for a worker, and gives how it
/// ended. `$OUT` in the command is a file.
backends::process_end run(const folder& at, job_settings job, job_order order,
                          const std::string& command, const std::string& index = "0") {
  order.folder = at.path;
  order.command = {"sh", "-c", command};
  job.shebang = "#!/bin/sh";
  std::ofstream(environment_file(order)) << "OUT='" << at.path << "/out'\n";
  std::ofstream(script_file(order)) << write_job(job, order).script;
  auto started = backends::process::start(
      {{"sh", script_file(order)}, {{"SLURM_ARRAY_TASK_ID", index}}, -1, -1});
  REQUIRE(started);
  const auto end = started->wait(30s);
  if (!end) started->kill();
  REQUIRE(end);
  return *end;
}

}  // namespace

TEST_CASE("job scripts of all systems are as recorded; TROUPE_BLESS=1 records them again") {
  for (const auto& name : system_names()) {
    const auto file = fs::path(TROUPE_SOURCE_DIR) / "tests/backends/golden" / (name + ".txt");
    const auto text = all_scripts(system_of(name));
    CAPTURE(name);
    if (std::getenv("TROUPE_BLESS")) std::ofstream(file) << text;
    CHECK(content(file) == text);
  }
}

TEST_CASE("a script is valid for the shell, whichever system it is for") {
  const folder at;
  for (const auto& name : system_names()) {
    const auto texts = write_job(full_settings(system_of(name)), full_order());
    for (const auto& part : {texts.script, texts.node_script}) {
      std::ofstream(at.path + "/script") << part;
      auto checked = backends::process::start({{"sh", "-n", at.path + "/script"}, {}, -1, -1});
      REQUIRE(checked);
      CAPTURE(part);
      CHECK(checked->wait(10s) == backends::process_end{0, 0});
    }
  }
}

TEST_CASE("a job of one worker becomes it, and each job of an array is another launch") {
  const folder at;
  auto order = small_order();
  order.count = 5;
  const auto end =
      run(at, {}, order, "echo \"$TROUPE_LAUNCH $TROUPE_WORKER__NAME\" > $OUT; exit 7", "2");
  CHECK(end.code == 7);
  CHECK(content(at.path + "/out") == "5 calc-5\n");
}

TEST_CASE("a job of several workers starts them all, and ends as badly as the worst") {
  const folder at;
  auto order = small_order();
  order.workers = 3;
  const auto end =
      run(at, {}, order,
          "echo $TROUPE_WORKER__NAME >> $OUT; [ $TROUPE_WORKER__NAME != calc-3-1 ] || exit 4");
  CHECK(end.code == 4);
  const auto text = content(at.path + "/out");
  for (const auto* name : {"calc-3-0\n", "calc-3-1\n", "calc-3-2\n"})
    CHECK(text.find(name) != std::string::npos);
}

TEST_CASE("a signal to the script reaches its workers, and the epilogue still runs") {
  const folder at;
  auto order = small_order();
  order.workers = 2;
  job_settings job;
  job.epilogue = {"echo after $status >> $OUT"};
  // The second worker tells the script to end, once the first is there.
  const auto end = run(at, job, order,
                       "trap 'echo told >> $OUT; exit 0' TERM; "
                       "if [ $TROUPE_WORKER__NAME = calc-3-1 ]; then until [ -e $OUT.0 ]; do :; "
                       "done; kill -TERM $PPID; fi; "
                       ": > $OUT.${TROUPE_WORKER__NAME##*-}; while :; do sleep 0.01; done");
  CHECK(end.code == 0);
  CHECK(content(at.path + "/out") == "told\ntold\nafter 0\n");
}

TEST_CASE("a job that starts after its cluster has ended ends at once, saying why") {
  const folder at;
  std::ofstream(at.path + "/script") << write_job({}, small_order()).script;
  auto started = backends::process::start({{"sh", at.path + "/script"}, {}, -1, -1});
  REQUIRE(started);
  CHECK(started->wait(10s)->code != 0);
}

TEST_CASE("generated directives can be left out, one's own not") {
  auto job = full_settings(batch_system::slurm);
  job.skip_directives = {"--mem", "--extra"};
  const auto script = write_job(job, small_order()).script;
  CHECK(script.find("--mem") == std::string::npos);
  CHECK(script.find("#SBATCH --cpus-per-task=8\n") != std::string::npos);
  CHECK(script.find("#SBATCH --extra=1\n") != std::string::npos);
}

TEST_CASE("a job's name has only what every system takes") {
  auto order = small_order();
  order.cluster = "my run/7";
  CHECK(job_name({}, order) == "troupe-my_run_7-3");
}
