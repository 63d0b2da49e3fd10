#include "tests/processes/support.hpp"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <numeric>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "test_paths.hpp"

namespace processes {

std::int64_t square(std::int64_t x) {
  return x * x;
}

std::int64_t square_slowly(std::int64_t x, std::int64_t us) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(us);
  while (std::chrono::steady_clock::now() < end) {
  }
  return x * x;
}

std::int64_t add(std::int64_t a, std::int64_t b) {
  return a + b;
}

std::int64_t sum(const std::vector<std::int64_t>& all) {
  return std::accumulate(all.begin(), all.end(), std::int64_t{0});
}

std::vector<double> ramp(std::int64_t size) {
  std::vector<double> values(static_cast<std::size_t>(size));
  std::iota(values.begin(), values.end(), 0.0);
  return values;
}

double total(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

std::int64_t explode(std::int64_t x) {
  throw std::out_of_range("no number " + std::to_string(x));
}

void register_tasks(troupe::task_registry& tasks) {
  tasks
      .add<&square, &square_slowly, &add, &sum, &ramp, &total, &explode, &total_of, &mapped_here>();
  register_nested(tasks);
  register_memory(tasks);
  register_leaving(tasks);
}

troupe::config config(std::uint32_t workers) {
  troupe::config c;
  c.cluster.workers = workers;
  c.cluster.place.set("isolation", "process");
  c.worker.threads = 1;
  c.security.token = "a secret of these tests";
  c.log.level = "error";
  return c;
}

std::vector<pid_t> children() {
  std::vector<pid_t> all;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream in(thread.path() / "children");
    for (pid_t pid = 0; in >> pid;)
      all.push_back(pid);
  }
  return all;
}

bool alive(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(in, text)) return false;
  const auto after_name = text.rfind(')');
  return after_name + 2 < text.size() && text[after_name + 2] != 'Z';
}

bool eventually(std::chrono::milliseconds within, const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    // Waits for nothing in particular: what is looked at belongs to other processes.
    poll(nullptr, 0, 5);
  }
  return true;
}

namespace {

std::string slurp(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

outcome run_troupe(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{TROUPE_BINARY_DIR "/troupe"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& w : words)
    argv.push_back(w.data());
  argv.push_back(nullptr);

  std::string folder = (std::filesystem::temp_directory_path() / "troupe-XXXXXX").string();
  if (!mkdtemp(folder.data())) throw std::runtime_error("mkdtemp");
  const auto out = folder + "/out";
  const auto err = folder + "/err";
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, out.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&files, 2, err.c_str(), O_WRONLY | O_CREAT, 0600);
  pid_t pid = 0;
  if (posix_spawn(&pid, argv[0], &files, nullptr, argv.data(), environ) != 0)
    throw std::runtime_error("cannot start " + words[0]);
  posix_spawn_file_actions_destroy(&files);
  int status = 0;
  waitpid(pid, &status, 0);
  outcome o{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), slurp(out),
            slurp(err)};
  std::filesystem::remove_all(folder);
  return o;
}

namespace {

running_worker start(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (auto& w : words)
    argv.push_back(w.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  if (posix_spawn(&pid, argv[0], nullptr, nullptr, argv.data(), environ) != 0)
    throw std::runtime_error("cannot start " + words[0]);
  return running_worker(pid);
}

}  // namespace

running_worker start_worker(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{"/proc/self/exe", "--troupe-worker",
                                 "--set",          "security.token=" + config(0).security.token,
                                 "--set",          "log.level=error"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return start(std::move(words));
}

running_worker start_role(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{"/proc/self/exe"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return start(std::move(words));
}

running_worker start_troupe(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{TROUPE_BINARY_DIR "/troupe"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return start(std::move(words));
}

running_worker::~running_worker() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

int be_publisher(const char* address) {
  const troupe::client client(address, config(0));
  const auto base = client.submit<&square>(std::int64_t{300});
  client.publish("ramp", client.submit<&ramp>(base));
  client.publish("square", base);
  client.publish("broken", client.submit<&explode>(std::int64_t{1}));
  for (;;)
    pause();
}

int be_owner(const char* scheduler) {
  auto options = config(2);
  options.cluster.scheduler = scheduler;
  troupe::cluster cluster(options, register_tasks);
  auto client = cluster.connect();
  cluster.wait_for_workers(2, std::chrono::seconds(30));
  for (const auto* worker : {"local-1", "local-2"})
    std::cout << client.with({.workers = {worker}}).submit<&process_number>().get() << ' ';
  if (scheduler == std::string("process")) std::cout << children().front();
  std::cout << std::endl;
  std::vector<troupe::future<std::int64_t>> busy;
  for (int i = 0; i < 8; ++i)
    busy.push_back(client.submit<&square_slowly>(std::int64_t{i}, std::int64_t{60'000'000}));
  for (;;)
    pause();
}

}  // namespace processes
