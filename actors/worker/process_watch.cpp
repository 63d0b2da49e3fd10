#include "actors/worker/process_watch.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include "serialization/check.hpp"

namespace troupe {

namespace {

// A signal handler can reach nothing but globals.
std::atomic<int> signal_note{-1};
std::atomic<int> signals_seen{0};

constexpr char note_signal = 's';
constexpr char note_end = 'e';

extern "C" void on_signal(int number) {
  if (signals_seen.fetch_add(1) > 0) _exit(128 + number);
  const int before = errno;
  [[maybe_unused]] auto written = write(signal_note.load(), &note_signal, 1);
  errno = before;
}

void handle_signals(void (*handler)(int)) {
  struct sigaction action {};

  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM})
    sigaction(number, &action, nullptr);
}

int lifeline_number() {
  const char* text = std::getenv("TROUPE_LIFELINE_FD");
  if (!text) return -1;
  const int number = std::atoi(text);
  // Functions that start programs must not hand it on: it would outlive us there.
  if (number <= STDERR_FILENO || fcntl(number, F_SETFD, FD_CLOEXEC) != 0) return -1;
  return number;
}

}  // namespace

process_watch::process_watch(std::function<void()> stop) : stop_(std::move(stop)) {
  std::array<int, 2> ends{};
  check(pipe2(ends.data(), O_CLOEXEC) == 0, "a process that starts can make a pipe");
  notes_ = ends[0];
  signals_seen = 0;
  signal_note = ends[1];
  handle_signals(&on_signal);
  thread_ = std::thread([this, lifeline = lifeline_number()] { watch(lifeline); });
}

process_watch::~process_watch() {
  handle_signals(SIG_DFL);
  [[maybe_unused]] auto written = write(signal_note.load(), &note_end, 1);
  thread_.join();
  ::close(signal_note.exchange(-1));
  ::close(notes_);
}

void process_watch::watch(int lifeline) const {
  std::array<pollfd, 2> waits{pollfd{notes_, POLLIN, 0}, pollfd{lifeline, POLLIN, 0}};
  for (;;) {
    if (poll(waits.data(), waits.size(), -1) < 0) continue;  // Interrupted.
    char note = 0;
    // Nobody writes to a lifeline: whatever happens to it is its end.
    if (waits[1].revents != 0) _exit(exit_owner_lost);
    if (waits[0].revents == 0 || read(notes_, &note, 1) != 1) continue;
    if (note == note_end) return;
    stop_();
  }
}

}  // namespace troupe
