#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace troupe {

/// How far a client's tasks are.
struct progress_state {
  std::uint64_t total = 0;
  std::uint64_t finished = 0;  ///< Failed ones included.
  std::uint64_t failed = 0;
  std::chrono::nanoseconds elapsed{};

  friend bool operator==(const progress_state&, const progress_state&) = default;
};

/// One line of at most `width` columns, e.g.
/// "[######------]  512/1024 tasks  50%  210/s  ETA 2s  3 failed". What does not fit is left out,
/// from the bar to the ETA; done/total stays.
std::string progress_line(const progress_state&, unsigned width);

/// Draws progress_line() on a terminal while somebody waits, and clears it when nobody does.
///
/// Its thread starts at the first wait that takes longer than `patience`, and sleeps whenever
/// nobody waits. Thread-safe.
class progress_display {
public:
  struct settings {
    std::function<progress_state()> measure;
    std::function<void(const std::string&)> write;  ///< To the terminal, as it is.
    std::function<unsigned()> width;
    std::chrono::nanoseconds patience = std::chrono::milliseconds(500);
    std::chrono::nanoseconds interval = std::chrono::milliseconds(100);
  };

  explicit progress_display(settings);
  ~progress_display();

  progress_display(const progress_display&) = delete;
  progress_display& operator=(const progress_display&) = delete;

  /// A wait has taken `patience` already, and goes on until wait_ended().
  void wait_goes_on();
  void wait_ended();

  std::chrono::nanoseconds patience() const noexcept { return settings_.patience; }

private:
  void run();

  const settings settings_;
  std::mutex mutex_;
  std::condition_variable changed_;
  unsigned waits_ = 0;
  bool drawn_ = false;
  bool ends_ = false;
  std::thread thread_;
};

/// One wait, as its user sees it, of however many it is made: the bar stays until the end of all.
class wait_scope {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit wait_scope(time_point since = std::chrono::steady_clock::now()) : since_(since) {}

  wait_scope(const wait_scope&) = delete;
  wait_scope& operator=(const wait_scope&) = delete;

  ~wait_scope() {
    if (shown_by_) shown_by_->wait_ended();
  }

  time_point since() const noexcept { return since_; }

  bool shown() const noexcept { return shown_by_ != nullptr; }

  /// Once; the display must outlive this.
  void show(progress_display& by) {
    by.wait_goes_on();
    shown_by_ = &by;
  }

private:
  time_point since_;
  progress_display* shown_by_ = nullptr;
};

/// For standard error: "on", "off", or "auto", which is "on" if it is a terminal. Nothing if off.
std::unique_ptr<progress_display> make_progress_display(const std::string& wanted,
                                                        std::function<progress_state()> measure);

}  // namespace troupe
