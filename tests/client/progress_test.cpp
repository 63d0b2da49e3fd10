#include "actors/client/progress.hpp"

#include <condition_variable>
#include <mutex>
#include <string>

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// A terminal that remembers what was drawn.
struct fake_terminal {
  std::mutex mutex;
  std::condition_variable changed;
  std::string text;

  progress_display::settings settings() {
    return {.measure =
                [] {
                  return progress_state{4, 2, 0, 1s};
                },
            .write =
                [this](const std::string& drawn) {
                  const std::lock_guard lock(mutex);
                  text += drawn;
                  changed.notify_all();
                },
            .width = [] { return 60U; },
            .patience = 1ms,
            .interval = 1ms};
  }

  bool shows(const std::string& what) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 10s, [&] { return text.find(what) != std::string::npos; });
  }
};

}  // namespace

TEST_CASE("progress is told as a bar, a count, a share, a rate and an estimate") {
  CHECK(progress_line({1000, 500, 0, 2s}, 60) ==
        "[##########-----------]   500/1000 tasks  50%  250/s  ETA 2s");
}

TEST_CASE("the count keeps its width while it grows") {
  CHECK(progress_line({1000, 5, 0, 0s}, 20) == "   5/1000 tasks  0%");
  CHECK(progress_line({1000, 1000, 0, 0s}, 22) == "1000/1000 tasks  100%");
}

TEST_CASE("failures are shown before anything else that may not fit") {
  CHECK(progress_line({100, 50, 3, 10s}, 26) == " 50/100 tasks  3 failed");
  CHECK(progress_line({100, 50, 3, 10s}, 36) == " 50/100 tasks  3 failed  50%  5.0/s");
}

TEST_CASE("a line is never wider than the terminal") {
  for (unsigned width = 0; width < 120; ++width)
    CHECK(progress_line({123456, 54321, 7, 1h}, width).size() <= width);
}

TEST_CASE("an estimate has the two units that matter") {
  const auto ends_with = [](const std::string& line, const std::string& end) {
    return line.ends_with(end);
  };
  CHECK(ends_with(progress_line({200, 100, 0, 90s}, 100), "ETA 1m30s"));
  CHECK(ends_with(progress_line({200, 100, 0, 2h + 30min}, 100), "ETA 2h30m"));
}

TEST_CASE("nothing to do is not a division by zero") {
  CHECK(progress_line({0, 0, 0, 0s}, 20) == "0/0 tasks");
  CHECK(progress_line({1, 2, 0, 1s}, 16) == "2/2 tasks  100%");
}

TEST_CASE("a display draws while somebody waits, and clears its line after the last of them") {
  fake_terminal terminal;
  progress_display display(terminal.settings());
  CHECK(terminal.text.empty());
  display.wait_goes_on();
  display.wait_goes_on();
  CHECK(terminal.shows("2/4 tasks"));
  display.wait_ended();
  display.wait_ended();
  const std::lock_guard lock(terminal.mutex);
  CHECK(terminal.text.ends_with("\r\x1b[K"));
}

TEST_CASE("a wait that is made of many shows the bar once, until its end") {
  fake_terminal terminal;
  progress_display display(terminal.settings());
  {
    wait_scope scope;
    CHECK_FALSE(scope.shown());
    scope.show(display);
    CHECK(scope.shown());
    CHECK(terminal.shows("2/4 tasks"));
    const std::lock_guard lock(terminal.mutex);
    CHECK(terminal.text.ends_with("\r"));
  }
  const std::lock_guard lock(terminal.mutex);
  CHECK(terminal.text.ends_with("\r\x1b[K"));
}

TEST_CASE("a display that ends while somebody waits leaves a clear line") {
  fake_terminal terminal;
  {
    progress_display display(terminal.settings());
    display.wait_goes_on();
    CHECK(terminal.shows("2/4 tasks"));
  }
  CHECK(terminal.text.ends_with("\r\x1b[K"));
}

TEST_CASE("progress is shown only if it is wanted") {
  CHECK(make_progress_display("off", [] { return progress_state{}; }) == nullptr);
  CHECK(make_progress_display("on", [] { return progress_state{}; }) != nullptr);
}
