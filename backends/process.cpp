#include "backends/process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <signal.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace troupe::backends {

namespace {

/// In the child the lifeline always has this number.
constexpr int lifeline_number = 3;

error system_error(const std::string& wanted, int code) {
  return {errc::system, wanted + ": " + std::strerror(code)};
}

/// Above the numbers that the child gives out again.
result<descriptor> move_up(int fd) {
  descriptor moved(fcntl(fd, F_DUPFD_CLOEXEC, lifeline_number + 1));
  if (!moved) return system_error("cannot duplicate a file descriptor", errno);
  return moved;
}

std::vector<std::string> make_environment(const process_order& order) {
  std::map<std::string, std::string> all;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string::npos) all[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (const auto& [name, content] : order.environment)
    all[name] = content;
  if (order.lifeline >= 0) all["TROUPE_LIFELINE_FD"] = std::to_string(lifeline_number);
  std::vector<std::string> lines;
  for (const auto& [name, content] : all)
    lines.push_back(name + "=" + content);
  return lines;
}

std::vector<char*> pointers(std::vector<std::string>& from) {
  std::vector<char*> all;
  for (auto& text : from)
    all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// All that the child needs between fork and exec, made before: there it may not even allocate,
/// because another thread may have held the allocator's lock when we forked.
struct child_plan {
  const char* program;
  char* const* arguments;
  char* const* environment;
  int input;
  int lifeline;  ///< -1: none.
  int errors;    ///< -1: ours.
  int output;    ///< -1: ours.
  bool outlives_parent;
  int report;  ///< Takes errno if the program cannot be run.
  pid_t parent;
  long descriptors_max;
};

void close_on_exec_from(int first, long descriptors_max) {
#ifdef SYS_close_range
  constexpr unsigned close_range_cloexec = 1U << 2;
  if (syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, close_range_cloexec) == 0) return;
#endif
  // Kernels before 5.11 do not know it.
  for (int fd = first; fd < descriptors_max; ++fd)
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

bool prepare_child(const child_plan& plan) {
  if (plan.outlives_parent) {
    if (setsid() < 0) return false;
  } else {
    if (setpgid(0, 0) != 0) return false;
    // Works from the first moment on, when the worker does not yet watch its lifeline.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return false;
    if (getppid() != plan.parent) _exit(1);  // The owner ended before the line above.
  }
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGQUIT})
    signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  if (sigprocmask(SIG_SETMASK, &none, nullptr) != 0) return false;
  if (dup2(plan.input, STDIN_FILENO) < 0) return false;
  if (plan.output >= 0 && dup2(plan.output, STDOUT_FILENO) < 0) return false;
  if (plan.errors >= 0 && dup2(plan.errors, STDERR_FILENO) < 0) return false;
  close_on_exec_from(lifeline_number, plan.descriptors_max);
  return plan.lifeline < 0 || dup2(plan.lifeline, lifeline_number) >= 0;
}

[[noreturn]] void run_child(const child_plan& plan) {
  if (prepare_child(plan)) execve(plan.program, plan.arguments, plan.environment);
  const int code = errno;
  [[maybe_unused]] auto written = write(plan.report, &code, sizeof code);
  _exit(127);
}

/// Signals of the program's own must not be handled in the child before it has become another.
class all_signals_blocked {
public:
  all_signals_blocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }

  all_signals_blocked(const all_signals_blocked&) = delete;
  all_signals_blocked& operator=(const all_signals_blocked&) = delete;

  ~all_signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
  sigset_t before_;
};

pid_t fork_child(const child_plan& plan) {
  all_signals_blocked here;
  const pid_t pid = fork();
  if (pid == 0) run_child(plan);
  return pid;
}

/// Errno of the child's failed exec, or 0 if the program runs.
int read_report(int fd) {
  int code = 0;
  ssize_t size = 0;
  do {
    size = read(fd, &code, sizeof code);
  } while (size < 0 && errno == EINTR);
  return size == sizeof code ? code : 0;
}

}  // namespace

descriptor::descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

descriptor& descriptor::operator=(descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

descriptor::~descriptor() {
  if (fd_ >= 0) close(fd_);
}

result<pipe_ends> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("cannot make a pipe", errno);
  return pipe_ends{descriptor(ends[0]), descriptor(ends[1])};
}

result<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "/usr/local/bin:/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    auto candidate = (folder.empty() ? std::string(".") : folder) + "/" + name;
    if (!name.empty() && access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return error{errc::system, "there is no program '" + name + "' in PATH"};
}

std::string shell_words(const std::vector<std::string>& words) {
  constexpr auto plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
  std::string line;
  for (const auto& word : words) {
    if (!line.empty()) line += ' ';
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word)
      line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

std::string describe(const process_end& end) {
  if (end.signal == 0) return "exit code " + std::to_string(end.code);
  return "killed by signal " + std::to_string(end.signal) + " (" + strsignal(end.signal) + ")";
}

result<process> process::start(const process_order& order) {
  if (order.command.empty()) return error{errc::bad_argument, "no program to run"};
  auto program = find_program(order.command.front());
  if (!program) return program.error();
  auto arguments = order.command;
  auto environment = make_environment(order);
  auto argument_pointers = pointers(arguments);
  auto environment_pointers = pointers(environment);
  descriptor nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing) return system_error("cannot open /dev/null", errno);
  auto report = make_pipe();
  if (!report) return report.error();
  auto report_write = move_up(report->write.number());
  if (!report_write) return report_write.error();

  descriptor lifeline;
  if (order.lifeline >= 0) {
    auto moved = move_up(order.lifeline);
    if (!moved) return moved.error();
    lifeline = std::move(*moved);
  }
  const child_plan plan{program->c_str(),
                        argument_pointers.data(),
                        environment_pointers.data(),
                        order.input >= 0 ? order.input : nothing.number(),
                        lifeline.number(),
                        order.errors,
                        order.output,
                        order.outlives_us,
                        report_write->number(),
                        getpid(),
                        std::min(sysconf(_SC_OPEN_MAX), 65536L)};
  const pid_t pid = fork_child(plan);
  if (pid < 0) return system_error("cannot start a process", errno);
  report->write = {};
  *report_write = {};
  if (const int code = read_report(report->read.number()); code != 0) {
    waitpid(pid, nullptr, 0);
    return system_error("cannot run " + *program, code);
  }
  return process(pid);
}

std::optional<process_end> process::poll() {
  if (end_) return end_;
  int status = 0;
  pid_t answer = 0;
  do {
    answer = waitpid(pid_, &status, WNOHANG);
  } while (answer < 0 && errno == EINTR);
  if (answer == 0) return std::nullopt;
  // It is gone but somebody else has reaped it, or the program ignores SIGCHLD.
  if (answer < 0) return end_ = process_end{};
  if (WIFSIGNALED(status)) return end_ = process_end{0, WTERMSIG(status)};
  return end_ = process_end{WEXITSTATUS(status), 0};
}

std::optional<process_end> process::wait(std::chrono::nanoseconds limit) {
  // Polling: a blocking wait has no time limit, and a SIGCHLD handler is the program's to have.
  const auto until = std::chrono::steady_clock::now() + limit;
  auto pause = std::chrono::microseconds(200);
  for (;;) {
    if (auto end = poll()) return end;
    if (std::chrono::steady_clock::now() >= until) return std::nullopt;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(20000));
  }
}

void process::terminate() {
  if (!poll()) ::kill(pid_, SIGTERM);
}

void process::kill() {
  if (poll()) return;
  // Until it is reaped, its number cannot be given to another process or group.
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
}

}  // namespace troupe::backends
