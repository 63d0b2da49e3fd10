#include "bench/stage.hpp"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "bench/tasks.hpp"

namespace bench {

namespace {

namespace fs = std::filesystem;

class folder {
public:
  folder() {
    std::string name = fs::temp_directory_path() / "troupe-bench-XXXXXX";
    if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder: " + name);
    path = name;
  }

  ~folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }

  std::string path;
};

/// How long anything may take to be there.
constexpr auto patience = std::chrono::seconds(30);

}  // namespace

const std::string& temporary_folder() {
  static const folder one;
  return one.path;
}

std::string program(const std::string& name) {
  // This executable is in bench/ of the build.
  return fs::read_symlink("/proc/self/exe").parent_path().parent_path() / name;
}

child::child(const std::vector<std::string>& command) {
  std::vector<char*> words;
  for (const auto& word : command)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  id_ = fork();
  if (id_ < 0) throw std::runtime_error("fork failed");
  if (id_ > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // A session of its own: the kernel's autogroups share the cores among sessions, and a peer's
  // processes have theirs too.
  setsid();
  // Nothing of it belongs among our lines of results.
  dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
  execv(words[0], words.data());
  _exit(127);
}

child::~child() {
  if (id_ == 0) return;
  kill(id_, SIGKILL);
  waitpid(id_, nullptr, 0);
}

stage::stage(const setup& how, std::uint32_t workers, warmth wanted) : how_(how), size_(workers) {
  if (how_.mode == "sep") {
    static int count = 0;
    address_ = temporary_folder() + "/scheduler" + std::to_string(++count);
    std::vector<std::string> command{program("troupe"),   "scheduler", "--port", "0",
                                     "--connection-file", address_,    "--set",  "log.level=error"};
    command.insert(command.end(), how_.settings.begin(), how_.settings.end());
    scheduler_.emplace(command);
    for (const auto start = clock::now(); !fs::exists(address_);) {
      if (clock::now() - start > patience) throw std::runtime_error("no scheduler");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    client_.emplace(address_, how_.options);
    while (staff_.size() < workers)
      staff_.emplace_back(child(worker_command()));
  } else {
    auto options = how_.options;
    options.cluster.workers = workers;
    options.cluster.place.set("isolation", how_.mode == "threads" ? "thread" : "process");
    options.worker.threads = 1;
    cluster_.emplace(options, register_tasks);
    address_ = cluster_->address();
    client_.emplace(cluster_->connect());
  }
  if (workers && wanted == warmth::warm) warm_up();
}

std::vector<std::string> stage::worker_command() const {
  std::vector<std::string> command{fs::read_symlink("/proc/self/exe"),
                                   "--troupe-worker",
                                   address_,
                                   "--threads",
                                   "1",
                                   "--set",
                                   "log.level=error"};
  command.insert(command.end(), how_.settings.begin(), how_.settings.end());
  return command;
}

void stage::add_worker() {
  staff_.emplace_back(child(worker_command()));
  ++size_;
  warm_up();
}

void stage::warm_up() const {
  const auto start = clock::now();
  const auto expected = how_.mode == "threads" ? 1 : size_;
  while (workers().size() < expected)
    if (clock::now() - start > patience) throw std::runtime_error("too few workers");
  troupe::wait(client_->map(noop_task, numbers(200 * size_)));
}

std::set<pid_t> stage::workers() const {
  // Each takes long enough that idle workers get some.
  const auto found = client_->gather(client_->map(process_task, numbers(8 * size_)));
  return {found.begin(), found.end()};
}

processes stage::who() const {
  processes all;
  if (scheduler_) {
    all["client"] = {getpid()};
    all["sched"] = {scheduler_->id()};
    for (const auto& one : staff_)
      all["worker"].push_back(one.id());
    return all;
  }
  all["here"] = {getpid()};
  if (how_.mode == "processes") {
    const auto found = workers();
    all["worker"] = {found.begin(), found.end()};
  }
  return all;
}

}  // namespace bench
