#include <algorithm>
#include <array>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include "backends/process.hpp"
#include "test_paths.hpp"

using namespace troupe;
using namespace troupe::backends;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

constexpr auto limit = 30s;

/// A folder of one test's own, which is also the home of the programs that it runs.
class folder {
public:
  folder() {
    auto name = (fs::temp_directory_path() / "troupe-tool-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()));
    path_ = name;
  }

  ~folder() { fs::remove_all(path_); }

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return *this / name;
  }

  std::string read(const std::string& name) const {
    std::ifstream file(path_ / name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

private:
  fs::path path_;
};

/// The `troupe` of this build. What it prints goes to files; it ends with this object.
class tool {
public:
  tool(const folder& home, const std::string& name, const std::vector<std::string>& arguments)
      : home_(home), name_(name) {
    process_order order;
    // A shell, because only it sends standard output elsewhere; `exec` keeps the process id.
    order.command = {"sh",
                     "-c",
                     "out=$1; shift; exec \"$@\" > \"$out\"",
                     "sh",
                     home / (name + ".out"),
                     std::string(TROUPE_BINARY_DIR) + "/troupe"};
    order.command.insert(order.command.end(), arguments.begin(), arguments.end());
    order.environment = {{"HOME", home / ""},
                         {"XDG_CONFIG_HOME", home / "settings"},
                         {"TROUPE_CONFIG", "/dev/null"},
                         {"TROUPE_SCHEDULER", ""}};
    descriptor errors(
        ::open((home / (name + ".err")).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    REQUIRE(errors);
    order.errors = errors.number();
    auto started = process::start(order);
    REQUIRE_MESSAGE(started, started.error().message);
    process_ = std::make_unique<process>(*started);
  }

  ~tool() {
    process_->kill();
    process_->wait(limit);
  }

  /// Its exit code, or minus the signal that killed it.
  int code() {
    const auto end = process_->wait(limit);
    REQUIRE_MESSAGE(end, name_ << " does not end; it said " << errors());
    return end->signal == 0 ? end->code : -end->signal;
  }

  /// Until its output has this text in it.
  std::string wait_for(const std::string& text) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < until) {
      auto seen = output();
      if (seen.find(text) != std::string::npos && seen.back() == '\n') return seen;
      if (process_->poll()) break;
      std::this_thread::yield();
    }
    FAIL(name_ << " did not print '" << text << "' but '" << output() << "' and '" << errors()
               << "'");
    return {};
  }

  /// Whether it does not end within this time.
  bool stays_for(std::chrono::nanoseconds time) const { return !process_->wait(time); }

  void send(int signal) const { ::kill(process_->pid(), signal); }

  std::string output() const { return home_.read(name_ + ".out"); }

  std::string errors() const { return home_.read(name_ + ".err"); }

private:
  const folder& home_;
  std::string name_;
  std::unique_ptr<process> process_;
};

struct outcome {
  int code;
  std::string output;
  std::string errors;
};

outcome run(const folder& home, const std::vector<std::string>& arguments) {
  tool t(home, "run", arguments);
  const int code = t.code();
  return {code, t.output(), t.errors()};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The first tcp:// address in a text.
std::string address_in(const std::string& text) {
  const auto from = text.find("tcp://");
  REQUIRE(from != std::string::npos);
  return text.substr(from, text.find_first_of(" ,:\n", text.find(':', from + 6) + 1) - from);
}

}  // namespace

TEST_CASE("help and version are printed, and the exit codes are in the help") {
  folder home;
  const auto version = run(home, {"--version"});
  CHECK(version.code == 0);
  CHECK(version.output.starts_with("troupe "));
  const auto help = run(home, {"--help"});
  CHECK(help.code == 0);
  CHECK(has(help.output, "Exit codes: 0"));
  for (const auto* name : {"up", "scheduler", "worker", "status", "story", "retire", "clusters",
                           "scale", "down", "cleanup", "doctor", "config", "cert"})
    CHECK(run(home, {name, "--help"}).code == 0);
}

TEST_CASE("a command line that makes no sense is one line and exit code 1") {
  folder home;
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"fly"},
                                             {"status", "--jsn"},
                                             {"config"},
                                             {"config", "check"},
                                             {"scheduler", "--port", "many"},
                                             {"--set"},
                                             {"scheduler", "--set", "a.b=c"}}) {
    const auto seen = run(home, arguments);
    CAPTURE(seen.errors);
    CHECK(seen.code == 1);
    CHECK(seen.errors.starts_with("troupe: "));
    CHECK(seen.output.empty());
  }
}

TEST_CASE(
    "a mistake on the command line is told with what would be right, and whose help to read") {
  folder home;
  using words = std::vector<std::string>;
  for (const auto& [arguments, wanted] : std::vector<std::pair<words, words>>{
           {{"wrker"}, {"`troupe --help`", "did you mean worker?"}},
           {{"config", "shw"}, {"`troupe config --help`", "did you mean show?"}},
           {{"status", "--jsn"}, {"troupe: ", "--jsn", "`troupe status --help`"}},
           {{"up", "--port", "99999"}, {"--port", "0 to 65535", "`troupe up --help`"}},
           {{"worker", "--threads", "0"}, {"troupe worker: --threads", "`troupe worker --help`"}},
           {{"worker", "tcp://127.0.0.1:1", "--library", "/etc/passwd"}, {"no shared library"}}}) {
    const auto seen = run(home, arguments);
    CAPTURE(seen.errors);
    CHECK(seen.code == 1);
    CHECK(seen.output.empty());
    CHECK(std::count(seen.errors.begin(), seen.errors.end(), '\n') == 1);
    for (const auto& part : wanted)
      CHECK(has(seen.errors, part));
  }
}

TEST_CASE("config check says all that is wrong with a file, also in the backend's section") {
  folder home;
  const auto good = home.write("good.toml",
                               "[cluster]\nworkers = 2\n[cluster.local]\n"
                               "isolation = \"thread\"\n");
  CHECK(run(home, {"config", "check", good}).code == 0);
  const auto bad = home.write("bad.toml", "[worker]\nthread = 2\n[cluster]\nworkers = \"x\"\n");
  const auto seen = run(home, {"config", "check", bad});
  CHECK(seen.code == 1);
  CHECK(has(seen.errors, "bad.toml:2"));
  CHECK(has(seen.errors, "did you mean"));
  CHECK(has(seen.errors, "bad.toml:4"));
  const auto odd =
      home.write("odd.toml", "[cluster.local]\nisolatoin = \"thread\"\n[cluster.locl]\na = 1\n");
  const auto place = run(home, {"config", "check", odd});
  CHECK(place.code == 1);
  CHECK(has(place.errors, "odd.toml:2"));
  CHECK(has(place.errors, "odd.toml:3"));
  CHECK(has(place.errors, "isolation"));
}

TEST_CASE("config show tells each value and where it comes from") {
  folder home;
  const auto file = home.write("a.toml", "[worker]\nthreads = 3\n[security]\ntoken = \"hush\"\n");
  const auto seen = run(home, {"config", "show", "--config", file, "--set", "worker.memory=1GiB"});
  CHECK(seen.code == 0);
  CHECK(has(seen.output, "a.toml:2"));
  CHECK(has(seen.output, "command line"));
  CHECK_FALSE(has(seen.output, "hush"));
}

TEST_CASE("status of nobody is an error that names the address, and exit code 2") {
  folder home;
  const auto seen = run(home, {"status", "tcp://127.0.0.1:1"});
  CHECK(seen.code == 2);
  CHECK(seen.errors.starts_with("troupe: "));
  CHECK(has(seen.errors, "127.0.0.1:1"));
}

TEST_CASE("a scheduler writes a connection file, answers status, and ends by a signal in order") {
  folder home;
  const auto file = home / "connection.json";
  tool scheduler(home, "scheduler", {"scheduler", "--port", "0", "--connection-file", file});
  const auto address = address_in(scheduler.wait_for("troupe status"));

  struct stat found {};

  REQUIRE(stat(file.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  for (const auto& contact : {address, file}) {
    const auto seen = run(home, {"status", contact});
    CAPTURE(seen.errors);
    CHECK(seen.code == 0);
    CHECK(has(seen.output, address));
    CHECK(has(seen.output, "no workers"));
  }
  scheduler.send(SIGTERM);
  CHECK(scheduler.code() == 0);
  CHECK_FALSE(fs::exists(file));
  CHECK(run(home, {"status", address}).code == 2);
}

TEST_CASE("a scheduler's log tells who comes, and no secret at any level") {
  folder home;
  for (const auto& [level, talks] :
       std::vector<std::pair<std::string, bool>>{{"", true}, {"trace", true}, {"warn", false}}) {
    CAPTURE(level);
    std::vector<std::string> arguments{"scheduler", "--port", "0", "--set", "security.token=hush"};
    if (!level.empty()) arguments.insert(arguments.end(), {"--set", "log.level=" + level});
    tool scheduler(home, "scheduler" + level, arguments);
    const auto address = address_in(scheduler.wait_for("troupe status"));
    tool worker(home, "worker" + level, {"worker", address, "--set", "security.token=hush"});
    outcome seen{-1, {}, {}};
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!has(seen.output, "workers   1 ") && std::chrono::steady_clock::now() < until)
      seen = run(home, {"status", address, "--set", "security.token=hush"});
    CAPTURE(seen.output);
    CHECK(seen.code == 0);
    CHECK(run(home, {"status", address, "--set", "security.token=gues"}).code == 2);
    scheduler.send(SIGTERM);
    CHECK(scheduler.code() == 0);
    CAPTURE(scheduler.errors());
    CHECK(has(scheduler.errors(), " info ") == talks);
    CHECK(has(scheduler.errors(), " warning "));
    CHECK_FALSE(has(scheduler.errors() + scheduler.output(), "hush"));
    CHECK_FALSE(has(scheduler.errors() + scheduler.output(), "gues"));
  }
}

TEST_CASE("a second signal ends a process at once") {
  folder home;
  for (const int signal : {SIGINT, SIGTERM}) {
    tool up(home, "up" + std::to_string(signal),
            {"up", "--port", "0", "--set", "cluster.workers=1"});
    const auto address = address_in(up.wait_for("Ctrl-C"));
    const auto seen = run(home, {"status", address, "--json"});
    const auto worker = nlohmann::json::parse(seen.output)["workers"][0]["pid"].get<pid_t>();
    // A worker that does not answer, so that the first signal alone takes its time.
    ::kill(worker, SIGSTOP);
    up.send(signal);
    CHECK(up.stays_for(200ms));
    up.send(signal);
    const auto sent = std::chrono::steady_clock::now();
    CHECK(up.code() == 128 + signal);
    CHECK(std::chrono::steady_clock::now() - sent < 1s);
    ::kill(worker, SIGCONT);
  }
}

TEST_CASE("a scheduler that cannot listen says why, and exit code 2") {
  folder home;
  tool first(home, "first", {"scheduler", "--port", "0"});
  const auto address = address_in(first.wait_for("troupe status"));
  const auto port = address.substr(address.rfind(':') + 1);
  const auto seen = run(home, {"scheduler", "--port", port});
  CHECK(seen.code == 2);
  CHECK(has(seen.errors, "cannot listen on"));
}

TEST_CASE("up starts a cluster, status shows its workers, and all end by a signal") {
  folder home;
  tool up(home, "up",
          {"up", "--port", "0", "--set", "cluster.workers=2", "--set", "worker.threads=1"});
  const auto address = address_in(up.wait_for("Ctrl-C"));
  CHECK(has(up.output(), "2 workers, 2 threads"));
  const auto seen = run(home, {"status", address, "--json"});
  REQUIRE(seen.code == 0);
  const auto read = nlohmann::json::parse(seen.output);
  REQUIRE(read["workers"].size() == 2);
  std::vector<pid_t> pids;
  for (const auto& worker : read["workers"]) {
    CHECK(worker["threads"] == 1);
    pids.push_back(worker["pid"].get<pid_t>());
    CHECK(::kill(pids.back(), 0) == 0);
  }
  up.send(SIGINT);
  CHECK(up.code() == 0);
  for (const auto pid : pids)
    CHECK(::kill(pid, 0) != 0);
}

TEST_CASE("a worker of a cluster that is killed is replaced") {
  folder home;
  tool up(home, "up", {"up", "--port", "0", "--set", "cluster.workers=1"});
  const auto address = address_in(up.wait_for("Ctrl-C"));
  const auto pid_of_worker = [&]() -> pid_t {
    const auto seen = run(home, {"status", address, "--json"});
    REQUIRE(seen.code == 0);
    const auto read = nlohmann::json::parse(seen.output);
    return read["workers"].empty() ? 0 : read["workers"][0]["pid"].get<pid_t>();
  };
  const auto first = pid_of_worker();
  REQUIRE(first > 0);
  ::kill(first, SIGKILL);
  const auto until = std::chrono::steady_clock::now() + limit;
  auto now = first;
  while ((now == first || now == 0) && std::chrono::steady_clock::now() < until)
    now = pid_of_worker();
  CHECK(now > 0);
  CHECK(now != first);
}

TEST_CASE("the workers of a cluster whose owner is killed end with it") {
  folder home;
  auto up = std::make_unique<tool>(
      home, "up", std::vector<std::string>{"up", "--port", "0", "--set", "cluster.workers=2"});
  const auto address = address_in(up->wait_for("Ctrl-C"));
  const auto read = nlohmann::json::parse(run(home, {"status", address, "--json"}).output);
  std::vector<pid_t> pids;
  for (const auto& worker : read["workers"])
    pids.push_back(worker["pid"].get<pid_t>());
  REQUIRE(pids.size() == 2);
  up->send(SIGKILL);
  CHECK(up->code() == -SIGKILL);
  const auto runs = [](pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    return !text.empty() && text.find(") Z ") == std::string::npos;
  };
  const auto until = std::chrono::steady_clock::now() + 10s;
  for (const auto pid : pids) {
    while (runs(pid) && std::chrono::steady_clock::now() < until)
      std::this_thread::yield();
    CHECK_FALSE(runs(pid));
  }
}

TEST_CASE("a cluster is listed, scaled and ended by its name, from another process") {
  folder home;
  tool up(home, "up",
          {"up", "--port", "0", "--set", "cluster.workers=1", "--set", "cluster.name=mine", "--set",
           "cluster.workers_per_launch=2"});
  up.wait_for("troupe down mine");
  const auto listed = run(home, {"clusters"});
  CHECK(has(listed.output, "mine  local on "));
  CHECK(has(listed.output, "2 workers, 0 clients"));
  CHECK(has(listed.output, "1 launch wanted of 2 workers each: 1 running"));
  CHECK(has(run(home, {"status", "mine"}).output, "2 of 2"));
  CHECK(run(home, {"scale", "mine", "4"}).code == 0);
  const auto until = std::chrono::steady_clock::now() + limit;
  while (
      !has(run(home, {"status", "mine"}).output, "2 launches wanted of 2 workers each: 2 running"))
    REQUIRE(std::chrono::steady_clock::now() < until);
  const auto ended = run(home, {"down", "mine"});
  CHECK(ended.errors.empty());
  CHECK(ended.code == 0);
  CHECK(up.code() == 0);
  CHECK(has(up.output(), "ends, as it was told to"));
  CHECK(has(run(home, {"clusters"}).output, "no clusters"));
  CHECK(run(home, {"down", "mine"}).code == 1);
}

TEST_CASE("a cluster that nobody uses ends by itself") {
  folder home;
  tool up(home, "up",
          {"up", "--port", "0", "--set", "cluster.workers=1", "--set", "cluster.idle_timeout=300ms",
           "--set", "cluster.survey_interval=50ms"});
  CHECK(up.code() == 0);
  CHECK(has(up.output(), "cluster.idle_timeout"));
}

TEST_CASE("a cluster whose owner was killed is shown as gone, and cleaned up") {
  folder home;
  tool up(home, "up",
          {"up", "--port", "0", "--set", "cluster.workers=1", "--set", "cluster.name=mine"});
  up.wait_for("troupe down mine");
  up.send(SIGKILL);
  CHECK(up.code() == -SIGKILL);
  CHECK(has(run(home, {"clusters"}).output, "mine  local on "));
  CHECK(has(run(home, {"clusters"}).output, "gone; `troupe cleanup`"));
  CHECK(has(run(home, {"doctor"}).output, "the owners are gone of: mine"));
  CHECK(has(run(home, {"cleanup"}).output, "mine: removed, with 0 launches"));
  CHECK(has(run(home, {"clusters"}).output, "no clusters"));
}

TEST_CASE("a dry run shows what would be submitted, and starts nothing") {
  folder home;
  const auto seen = run(home, {"up", "--dry-run", "--set", "cluster.workers=6", "--set",
                               "cluster.workers_per_launch=3"});
  CHECK(seen.code == 0);
  CHECK(has(seen.output, "# 2 times 3 processes of this machine"));
  CHECK(has(seen.output, "TROUPE_SECURITY__TOKEN=..."));
  CHECK(has(seen.output, "troupe worker tcp://127.0.0.1:PORT --threads 1 --memory "));
}

TEST_CASE("the job script is printed as the queue would get it, without its secrets") {
  folder home;
  std::ofstream(home / "site.toml") << R"(
[cluster]
type = "jobqueue"
[cluster.jobqueue]
system = "slurm"
site = "gpu"
[cluster.jobqueue.sites.gpu]
queue = "fast"
)";
  const auto seen = run(home, {"jobqueue", "script", "--config", home / "site.toml", "--set",
                               "security.token=verysecret"});
  CAPTURE(seen.errors);
  CHECK(seen.code == 0);
  CHECK(seen.output.rfind("#!/usr/bin/env bash\n#SBATCH ", 0) == 0);
  CHECK(has(seen.output, "#SBATCH --partition=fast\n"));
  CHECK(has(seen.output, "submitted by: sbatch --parsable /"));
  CHECK_FALSE(has(seen.output, "verysecret"));
  const auto none = run(home, {"jobqueue", "script"});
  CHECK(none.code == 1);
  CHECK(has(none.errors, "cluster.type is local"));
}

TEST_CASE("doctor says what is well and what is not") {
  folder home;
  const auto well = run(home, {"doctor", "--set", "scheduler.listen=tcp://127.0.0.1:0"});
  CAPTURE(well.output);
  CHECK(well.code == 0);
  CHECK(has(well.output, "ok   place: local, on this machine"));
  CHECK(has(well.output, "ok   worker program: "));
  const auto ill = run(home, {"doctor", "--set", "cluster.type=moon", "--set",
                              "worker.libraries=[\"/nowhere/lib.so\"]"});
  CHECK(ill.code == 2);
  CHECK(has(ill.output, "BAD  place: cluster.type = \"moon\" is not known"));
  CHECK(has(ill.output, "BAD  library: /nowhere/lib.so does not exist here"));
}

TEST_CASE("doctor looks at a machine that runs workers") {
  folder home;
  const std::vector<std::string> arguments{"doctor", "--node", "--set",
                                           "scheduler.listen=tcp://127.0.0.1:0"};
  const auto well = run(home, arguments);
  CAPTURE(well.output);
  CAPTURE(well.errors);
  CHECK(well.code == 0);
  CHECK(has(well.output, "ok   node of worker local-1: "));
  CHECK(has(well.output, "same libraries, same clock, and the shared folder is seen"));
  const auto bad = home.write(
      "bad.toml", "[[cluster.group]]\nname = \"gone\"\nworker.libraries = [\"/nowhere.so\"]\n");
  auto worse = arguments;
  worse.insert(worse.end(), {"--config", bad});
  const auto ill = run(home, worse);
  CAPTURE(ill.output);
  CHECK(ill.code == 2);
  CHECK(has(ill.output, "BAD  node: launch gone-1"));
  CHECK(has(ill.output, "/nowhere.so"));
}

TEST_CASE("workers that cannot start end the cluster with their own words") {
  folder home;
  const auto seen = run(home, {"up", "--port", "0", "--set", "cluster.workers=2", "--set",
                               "worker.libraries=/nowhere/libtasks.so"});
  CHECK(seen.code == 2);
  CHECK(has(seen.errors, "troupe: workers do not start"));
  const auto last = seen.errors.rfind("troupe: workers do not start");
  CHECK(has(seen.errors.substr(last), "/nowhere/libtasks.so"));
}

TEST_CASE("a cluster of an unknown type says which are known, and exit code 1") {
  folder home;
  const auto seen = run(home, {"up", "--port", "0", "--set", "cluster.type=locall"});
  CHECK(seen.code == 1);
  CHECK(has(seen.errors, "did you mean local?"));
}

TEST_CASE("cert create makes what the security section needs, and never replaces it") {
  folder home;
  const auto where = home / "certificates";
  const auto seen = run(home, {"cert", "create", where, "--host", "node7", "--host", "10.0.0.7"});
  CAPTURE(seen.errors);
  CHECK(seen.code == 0);
  for (const auto* name : {"ca.pem", "ca.key", "troupe.pem", "troupe.key"}) {
    struct stat found {};

    REQUIRE(stat((where + "/" + name).c_str(), &found) == 0);
    CHECK((found.st_mode & 077) == 0);
  }
  CHECK(has(seen.output, "ca = \"" + where + "/ca.pem\""));
  CHECK(run(home, {"cert", "create", where}).code == 1);
}

TEST_CASE("whoever asks a cluster by its file shows the certificates that the file names") {
  folder home;
  const auto where = home / "certificates";
  REQUIRE(run(home, {"cert", "create", where}).code == 0);
  const auto file = home / "connection.json";
  tool scheduler(
      home, "scheduler",
      {"scheduler", "--port", "0", "--connection-file", file, "--set", "security.mode=tls", "--set",
       "security.ca=" + where + "/ca.pem", "--set", "security.certificate=" + where + "/troupe.pem",
       "--set", "security.key=" + where + "/troupe.key"});
  scheduler.wait_for("troupe status");
  auto text = home.read("connection.json");
  text.insert(text.find('{') + 1, "\"certificates\": \"" + where + "\",");
  home.write("connection.json", text);
  const auto ask = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--set", "security.mode=tls"});
    return run(home, words);
  };
  CHECK(ask({"status", file}).code == 0);
  CHECK(has(ask({"story", "1:1", "--scheduler", file}).output, "is unknown"));
  CHECK(has(ask({"retire", "nobody", "--scheduler", file}).errors, "there is no worker 'nobody'"));
}
