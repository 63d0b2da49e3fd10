// Against a real batch system, which run.sh has started. This program is its own worker.
#define DOCTEST_CONFIG_IMPLEMENT
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <pwd.h>
#include <signal.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <troupe/troupe.hpp>

#include "backends/command.hpp"
#include "backends/jobqueue/jobqueue.hpp"
#include "backends/jobqueue/queue_commands.hpp"

using namespace troupe::backends::jobqueue;
using namespace std::chrono_literals;

namespace queue_tests {

std::int64_t square_slowly(std::int64_t x, std::int64_t ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  return x * x;
}

}  // namespace queue_tests

namespace {

using queue_tests::square_slowly;
using phase = troupe::launch_status::phase;

void register_tasks(troupe::task_registry& tasks) {
  tasks.add<&square_slowly>();
}

const std::string& system_name() {
  static const std::string name = std::getenv("TROUPE_TEST_SYSTEM");
  return name;
}

bool on(const char* name) {
  return system_name() == name;
}

std::string user() {
  return getpwuid(geteuid())->pw_name;
}

troupe::config config(std::uint32_t workers) {
  troupe::config c;
  c.cluster.type = "jobqueue";
  c.cluster.workers = workers;
  c.cluster.start_timeout = 60s;
  c.cluster.survey_interval = 200ms;
  c.cluster.place.set("system", system_name()).set("query_interval_min", "500ms");
  c.cluster.place.set("query_interval_max", "2s").set("walltime", "10m");
  c.cluster.place.set("shared_directory",
                      std::string(std::getenv("TROUPE_TEST_STATE")) + "/shared");
  // The wrappers of Slurm that speak like these systems know no arrays.
  c.cluster.place.set("job_array", !on("pbs") && !on("lsf"));
  if (on("lsf")) {
    // They leave the script to sbatch, which knows only some of LSF's options, and counts in MB.
    c.cluster.place.set("use_stdin", false).set("lsf_units", "MB").set("walltime_warning", "0s");
    c.cluster.place.set("skip_directives", troupe::setting::list{{std::string("-R ")}});
  }
  c.worker.threads = 1;
  c.worker.memory = std::uint64_t{100} << 20;
  c.scheduler.listen = "tcp://127.0.0.1:0";
  c.security.token = "a secret of these tests";
  return c;
}

/// This user's jobs that have not ended.
std::vector<job_report> queue() {
  for (const auto& [command, parse] : job_queries(system_of(system_name()), user())) {
    const auto printed = troupe::backends::output_of(command);
    if (!printed) continue;
    auto jobs = parse(*printed);
    REQUIRE_MESSAGE(jobs, describe(jobs.error()));
    jobs->erase(std::remove_if(jobs->begin(), jobs->end(),
                               [](const auto& job) { return job.at == phase::gone; }),
                jobs->end());
    return *jobs;
  }
  FAIL("the queue does not answer");
  return {};
}

bool eventually(std::chrono::seconds within, const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + within;
  while (std::chrono::steady_clock::now() < until) {
    if (holds()) return true;
    std::this_thread::sleep_for(200ms);
  }
  return false;
}

std::vector<job_report> running() {
  auto jobs = queue();
  jobs.erase(std::remove_if(jobs.begin(), jobs.end(),
                            [](const auto& job) { return job.at != phase::running; }),
             jobs.end());
  return jobs;
}

void script(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{std::getenv("TROUPE_TEST_SCRIPT"),
                                 std::getenv("TROUPE_TEST_STATE")};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const auto done = troupe::backends::output_of({words});
  REQUIRE_MESSAGE(done, describe(done.error()));
}

troupe::services services_of(const std::string& cluster) {
  troupe::services given;
  given.cluster = cluster;
  given.log = [](const std::string& line) { MESSAGE(line); };
  return given;
}

/// Jobs that only sleep.
troupe::launch_order sleepers(const troupe::services& given, std::uint64_t first,
                              std::uint32_t count) {
  troupe::launch_order order;
  order.first = first;
  order.count = count;
  order.cluster = given.cluster;
  order.name = "sleeper";
  order.memory_bytes = std::uint64_t{50} << 20;
  order.command = {"sleep", "300"};
  return order;
}

using action = std::function<void()>;

void nothing() {}

/// Results of `count` tasks of so many ms each, all of which must be right.
void work(troupe::client& client, std::int64_t count, std::int64_t ms,
          const action& meanwhile = nothing) {
  std::vector<troupe::future<std::int64_t>> squares;
  for (std::int64_t i = 0; i < count; ++i)
    squares.push_back(client.submit<&square_slowly>(i, ms));
  meanwhile();
  for (std::int64_t i = 0; i < count; ++i)
    REQUIRE(squares[static_cast<std::size_t>(i)].get() == i * i);
}

/// Started by srun: rank 0 is the program, all others work for it.
int be_program(const troupe::config& options) {
  troupe::cluster cluster(options, register_tasks);
  auto client = cluster.connect();
  cluster.wait_for_workers(2, 30s);
  // Not work(): there is no test here to fail.
  if (client.submit<&square_slowly>(3, 1).get() != 9) return 1;
  std::cout << "allocation: " << cluster.summary().workers << " workers" << std::endl;
  return 0;
}

/// Makes a cluster, says so, and waits to be killed.
int be_owner(const char* scheduler) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  auto c = config(2);
  c.cluster.scheduler = scheduler;
  troupe::cluster cluster(c, register_tasks);
  auto client = cluster.connect();
  if (client.submit<&square_slowly>(3, 1).get() != 9) return 1;
  std::cout << "ready" << std::endl;
  for (;;)
    pause();
}

}  // namespace

TEST_CASE("jobs do the work, more and fewer of them as wanted, and none is left behind") {
  {
    troupe::cluster cluster(config(1), register_tasks);
    auto client = cluster.connect();
    work(client, 20, 1);
    cluster.scale(0);
    REQUIRE(eventually(60s, [] { return queue().empty(); }));
    const std::uint32_t many = on("slurm") ? 6 : 3;
    cluster.scale(many);
    REQUIRE(eventually(60s, [&] { return cluster.summary().workers == many; }));
    work(client, 60, 20);
    cluster.scale(2);
    REQUIRE(eventually(60s, [&] { return cluster.summary().workers == 2; }));
    REQUIRE(eventually(60s, [&] { return running().size() == 2; }));
    work(client, 20, 1);
  }
  CHECK(eventually(60s, [] { return queue().empty(); }));
}

TEST_CASE("groups of jobs and of this machine are one cluster, and each has its size") {
  {
    auto options = config(1);
    auto longer = options.cluster;
    longer.place.set("walltime", "20m");
    auto local = options.cluster;
    local.type = "local";
    local.place = {};
    options.groups = {{"brief", options.cluster, options.worker},
                      {"long", longer, options.worker},
                      {"here", local, options.worker}};
    options.groups[1].worker.resources = {{"patience", 1}};
    troupe::cluster cluster(options, register_tasks);
    cluster.wait_for_workers(3, 90s);
    CHECK(eventually(60s, [] { return running().size() == 2; }));
    auto client = cluster.connect();
    work(client, 30, 10);
    troupe::submit_options patience;
    patience.resources = {{"patience", 1}};
    CHECK(client.with(patience).submit<&square_slowly>(5, 1).get() == 25);
    cluster.scale("long", {.workers = 0});
    CHECK(eventually(60s, [] { return queue().size() == 1; }));
    cluster.scale("brief", {.workers = 2});
    CHECK(eventually(90s, [] { return running().size() == 2; }));
    work(client, 30, 10);
  }
  CHECK(eventually(60s, [] { return queue().empty(); }));
}

TEST_CASE("a burst of work brings jobs, and they go when it is over") {
  if (on("sge")) return;  // It starts a job a minute late at worst.
  {
    troupe::cluster cluster(config(1), register_tasks);
    auto client = cluster.connect();
    troupe::adapt_options limits;
    limits.minimum.workers = 1;
    limits.maximum.workers = 3;
    limits.target = 1s;
    limits.idle = 2s;
    cluster.adapt(limits);
    work(client, 400, 50,
         [&] { CHECK(eventually(60s, [&] { return cluster.summary().workers == 3; })); });
    CHECK(eventually(60s, [] { return queue().size() == 1; }));
    work(client, 5, 1);
  }
  CHECK(eventually(60s, [] { return queue().empty(); }));
}

TEST_CASE("a job of several nodes is one launch, with a worker on each node") {
  if (!on("slurm")) return;
  {
    auto c = config(2);
    c.cluster.workers_per_launch = 2;
    c.cluster.place.set("nodes_per_job", 2);
    troupe::cluster cluster(c, register_tasks);
    auto client = cluster.connect();
    REQUIRE(eventually(60s, [&] { return cluster.summary().workers == 2; }));
    CHECK(queue().size() == 1);
    work(client, 40, 20);
  }
  CHECK(eventually(60s, [] { return queue().empty(); }));
}

TEST_CASE("several launches are an array, of which each job can be ended by itself") {
  auto section = config(0).cluster.place;
  auto given = services_of("troupe-array");
  auto place = make(section, given).value();
  const auto order = sleepers(given, 4, 3);
  const auto ids = place->launch(order).value();
  REQUIRE(ids.size() == 3);
  const auto have = [&](std::vector<std::uint64_t> wanted) {
    std::vector<std::uint64_t> launches;
    for (const auto& one : place->survey().value())
      if (one.at == phase::running) launches.push_back(one.launch);
    std::sort(launches.begin(), launches.end());
    return launches == wanted;
  };
  CHECK(eventually(60s, [&] { return have({4, 5, 6}); }));
  place->retire({ids[1]}).value();
  CHECK(eventually(60s, [&] { return have({4, 6}); }));
  place.reset();
  CHECK(eventually(60s, [] { return queue().empty(); }));
}

TEST_CASE("a job that somebody else cancels is replaced, and its work done by others") {
  {
    troupe::cluster cluster(config(2), register_tasks);
    auto client = cluster.connect();
    REQUIRE(eventually(60s, [&] { return cluster.summary().workers == 2; }));
    work(client, 60, 100, [] {
      std::vector<job_report> jobs;
      REQUIRE(eventually(60s, [&] { return (jobs = running()).size() == 2; }));
      job_settings settings;
      settings.system = system_of(system_name());
      REQUIRE(troupe::backends::output_of(cancel_command(settings, {jobs.front().id})));
    });
    CHECK(eventually(60s, [&] { return cluster.summary().workers == 2; }));
  }
  CHECK(eventually(60s, [] { return queue().empty(); }));
}

TEST_CASE("a job that somebody holds is told with the reason, and can be let go or ended") {
  if (!on("htcondor")) return;
  auto section = config(0).cluster.place;
  auto given = services_of("troupe-held");
  auto place = make(section, given).value();
  auto order = sleepers(given, 1, 1);
  const auto id = place->launch(order).value().front();
  troupe::launch_status seen;
  const auto becomes = [&](phase at) {
    const auto all = place->survey().value();
    if (!all.empty()) seen = all.front();
    return seen.at == at;
  };
  REQUIRE(eventually(60s, [&] { return becomes(phase::running); }));
  troupe::backends::output_of({{"condor_hold", "-reason", "the disk is full", id}}).value();
  REQUIRE(eventually(60s, [&] { return becomes(phase::pending) && !seen.reason.empty(); }));
  CHECK(seen.reason.find("the disk is full") != std::string::npos);
  CHECK_FALSE(seen.impossible);
  troupe::backends::output_of({{"condor_release", id}}).value();
  REQUIRE(eventually(60s, [&] { return becomes(phase::running); }));
  // What cannot be started at all is held by the system itself.
  order.first = 2;
  place->retire({id}).value();
  section = config(0).cluster.place;
  section.set("shebang", "#!/there/is/no/shell");
  given.cluster = "troupe-lame";
  auto lame = make(section, given).value();
  order.cluster = given.cluster;
  lame->launch(order).value();
  CHECK(eventually(60s, [&] {
    for (const auto& one : lame->survey().value())
      if (one.impossible) return one.reason.find("execute") != std::string::npos;
    return false;
  }));
  lame.reset();
  place.reset();
  CHECK(eventually(60s, [] { return queue().empty(); }));
}

namespace {

void kill_owner(const char* scheduler) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t owner = fork();
  REQUIRE(owner >= 0);
  if (owner == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    execl("/proc/self/exe", "queue_tests", "--owner", scheduler, nullptr);
    _exit(1);
  }
  close(ends[1]);
  char answer = 0;
  REQUIRE(read(ends[0], &answer, 1) == 1);
  // A worker may work before the queue's own report says that its job runs.
  CHECK(eventually(60s, [] { return !running().empty(); }));
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  close(ends[0]);
  CHECK(eventually(60s, [] { return queue().empty(); }));
}

}  // namespace

TEST_CASE("an owner that is killed leaves nothing in the queue") {
  kill_owner("owner");
}

TEST_CASE("an owner that is killed leaves no scheduler in the queue") {
  if (on("slurm")) kill_owner("job");
}

TEST_CASE("the scheduler is a job, others attach to it by name, and it takes its jobs along") {
  if (!on("slurm")) return;
  auto c = config(2);
  c.cluster.scheduler = "job";
  c.cluster.keep = true;
  c.cluster.name = "afar";
  c.log.file = std::string(std::getenv("TROUPE_TEST_STATE")) + "/afar.log";
  c.cluster.place.set("scheduler", troupe::setting::table{
                                       {"submit_options",
                                        {troupe::setting::list{{std::string("--begin=now+15")}}}}});
  { troupe::cluster made(c, register_tasks); }
  std::ifstream log(c.log.file);
  const std::string told{std::istreambuf_iterator<char>(log), {}};
  CHECK(told.find("the scheduler's job waits") != std::string::npos);
  CHECK(told.find("BeginTime") != std::string::npos);
  REQUIRE(eventually(60s, [] { return running().size() == 3; }));
  {
    // Another process would do the same: all it knows is the name.
    auto cluster = troupe::cluster::attach("afar");
    auto client = cluster.connect();
    work(client, 40, 20);
    cluster.scale(1);
    CHECK(eventually(60s, [&] { return cluster.summary().workers == 1; }));
    work(client, 5, 1);
  }
  troupe::backends::output_of({{TROUPE_COMMAND, "down", "afar"}}).value();
  CHECK(eventually(60s, [] { return queue().empty(); }));
}

TEST_CASE("a program that srun starts takes its roles by rank") {
  if (!on("slurm")) return;
  const auto file = std::string(std::getenv("TROUPE_TEST_STATE")) + "/allocation.toml";
  std::ofstream(file) << "[cluster]\ntype = \"jobqueue\"\n[cluster.jobqueue]\nmode = "
                         "\"allocation\"\n[scheduler]\nlisten = \"tcp://127.0.0.1:0\"\n";
  const auto program = std::filesystem::read_symlink("/proc/self/exe").string();
  const auto printed =
      troupe::backends::output_of({{"srun", "-n", "3", program, "--config", file}});
  REQUIRE_MESSAGE(printed, describe(printed.error()));
  CHECK(printed->find("allocation: 2 workers\n") != std::string::npos);
}

TEST_CASE("who asks for what the queue can never give is told so, and what to change") {
  if (!on("slurm")) return;
  const auto asks = [](auto&& set) {
    auto c = config(1);
    set(c.cluster.place);
    return c;
  };
  const std::vector<std::pair<troupe::config, std::string>> all{
      {asks([](auto& place) { place.set("cores", 99); }),
       "PartitionConfig: no node of the partition has so many cores"},
      // PartitionTimeLimit; before Slurm has looked at it closely, PartitionConfig.
      {asks([](auto& place) { place.set("walltime", "3h"); }), "walltime"},
      {asks([](auto& place) { place.set("memory", "1TiB"); }),
       "Requested node configuration is not available"}};
  for (const auto& [c, words] : all) {
    troupe::cluster cluster(c, register_tasks);
    try {
      cluster.connect();
      FAIL("it was taken");
    } catch (const troupe::exception& e) {
      const std::string said = e.what();
      CAPTURE(said);
      CHECK(said.find(words) != std::string::npos);
    }
  }
  CHECK(eventually(60s, [] { return queue().empty(); }));
}

TEST_CASE("a node loses power, and its work is done by others") {
  if (!on("slurm")) return;
  {
    auto c = config(3);
    // Each on a node of its own.
    c.cluster.place.set("cores", 4);
    troupe::cluster cluster(c, register_tasks);
    auto client = cluster.connect();
    REQUIRE(eventually(60s, [&] { return cluster.summary().workers == 3; }));
    work(client, 60, 100, [] { script({"kill-node", "n2"}); });
    CHECK(cluster.summary().workers == 2);
    script({"start-node", "n2"});
    CHECK(eventually(60s, [&] { return cluster.summary().workers == 3; }));
  }
  CHECK(eventually(60s, [] { return queue().empty(); }));
}

TEST_CASE("workers leave before their time is over, and others take their place") {
  if (!on("slurm")) return;
  auto c = config(2);
  c.cluster.place.set("walltime", "1m").set("walltime_warning", "10s");
  troupe::cluster cluster(c, register_tasks);
  auto client = cluster.connect();
  REQUIRE(eventually(60s, [&] { return cluster.summary().workers == 2; }));
  const auto first = running();
  // For longer than the first jobs have.
  work(client, 200, 500);
  const auto last = running();
  REQUIRE_FALSE(last.empty());
  for (const auto& job : last)
    CHECK(std::none_of(first.begin(), first.end(),
                       [&](const auto& old) { return old.id == job.id; }));
}

int main(int argc, char** argv) {
  // Clusters are found by files in the home: not in the real one.
  const auto* state = std::getenv("TROUPE_TEST_STATE");
  if (state) setenv("XDG_CONFIG_HOME", (std::string(state) + "/home").c_str(), 1);
  if (troupe::is_worker(argc, argv)) return troupe::worker_main(argc, argv, register_tasks);
  if (argc == 3 && !std::strcmp(argv[1], "--owner")) return be_owner(argv[2]);
  if (std::getenv("SLURM_STEP_ID")) return be_program(troupe::config::from_arguments(argc, argv));
  // Some systems leave files of jobs where they were submitted.
  if (state) std::filesystem::current_path(state);
  return doctest::Context(argc, argv).run();
}
