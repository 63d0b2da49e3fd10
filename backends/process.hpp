#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include <troupe/result.hpp>

namespace troupe::backends {

/// An open file that closes itself, and never survives an exec.
class descriptor {
public:
  descriptor() = default;

  explicit descriptor(int fd) noexcept : fd_(fd) {}

  descriptor(descriptor&& other) noexcept;
  descriptor& operator=(descriptor&& other) noexcept;
  ~descriptor();

  int number() const noexcept { return fd_; }

  explicit operator bool() const noexcept { return fd_ >= 0; }

private:
  int fd_ = -1;
};

struct pipe_ends {
  descriptor read;
  descriptor write;
};

result<pipe_ends> make_pipe();

/// Where the shell would find a program; a name with a '/' is its own answer.
result<std::string> find_program(const std::string& name);

struct process_order {
  std::vector<std::string> command;  ///< The program, as find_program() takes it, and arguments.
  std::map<std::string, std::string> environment;  ///< Replaces and adds to ours.
  /// The child gets it, and its number in TROUPE_LIFELINE_FD. Reads end-of-file when we are gone.
  int lifeline = -1;
  int errors = -1;  ///< Standard error of the child; ours if negative.
  int output = -1;  ///< Standard output of the child; ours if negative.
  int input = -1;   ///< Standard input of the child; empty if negative.
  /// In a session of its own, and not killed with the thread that starts it.
  bool outlives_us = false;
};

/// The words as a shell would have to be given them, on one line.
std::string shell_words(const std::vector<std::string>&);

/// How a process ended.
struct process_end {
  int code = 0;    ///< What it returned, if signal is 0.
  int signal = 0;  ///< What killed it.

  friend bool operator==(const process_end&, const process_end&) = default;
};

/// "exit code 3", "killed by signal 9 (Killed)".
std::string describe(const process_end&);

/// A child of ours, in a process group of its own: the terminal's Ctrl-C does not reach it.
///
/// Only its pid is ever waited for, so other children of the program are left alone. Destroying
/// the object neither ends nor reaps the process. Not thread-safe.
class process {
public:
  /// Returns once the program runs, or with the reason why it cannot.
  ///
  /// The child is also killed when the calling *thread* ends (PR_SET_PDEATHSIG): call it on one
  /// that lives as long as the child is wanted.
  static result<process> start(const process_order&);

  pid_t pid() const noexcept { return pid_; }

  /// How it ended, or nothing while it runs. Reaps it.
  std::optional<process_end> poll();

  /// Waits for its end at most so long.
  std::optional<process_end> wait(std::chrono::nanoseconds);

  /// Asks it to end: SIGTERM to it alone.
  void terminate();

  /// SIGKILL to it and to what it started in its group.
  void kill();

private:
  explicit process(pid_t pid) : pid_(pid) {}

  pid_t pid_;
  std::optional<process_end> end_;
};

}  // namespace troupe::backends
