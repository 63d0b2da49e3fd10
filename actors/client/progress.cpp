#include "actors/client/progress.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace troupe {

namespace {

constexpr unsigned bar_width_max = 40;
constexpr unsigned bar_width_min = 10;

std::string duration_text(double seconds) {
  const auto s = static_cast<std::uint64_t>(seconds + 0.5);
  if (s < 60) return std::to_string(s) + "s";
  if (s < 3600) return std::to_string(s / 60) + "m" + std::to_string(s % 60) + "s";
  return std::to_string(s / 3600) + "h" + std::to_string(s % 3600 / 60) + "m";
}

std::string rate_text(double per_second) {
  std::array<char, 32> text{};
  const char* form = per_second < 10 ? "%.1f/s" : per_second < 10000 ? "%.0f/s" : "%.0fk/s";
  std::snprintf(text.data(), text.size(), form,
                per_second < 10000 ? per_second : per_second / 1000);
  return text.data();
}

std::string bar(std::uint64_t finished, std::uint64_t total, unsigned width) {
  const auto share = total == 0 ? 0.0 : static_cast<double>(finished) / static_cast<double>(total);
  const auto full = std::min(width, static_cast<unsigned>(share * width));
  return "[" + std::string(full, '#') + std::string(width - full, '-') + "]";
}

}  // namespace

std::string progress_line(const progress_state& p, unsigned width) {
  const auto total = std::max(p.total, p.finished);
  const auto seconds = std::chrono::duration<double>(p.elapsed).count();
  const auto rate = seconds > 0 ? static_cast<double>(p.finished) / seconds : 0.0;

  // Columns of fixed width, so that the line does not jump about.
  const auto all = std::to_string(total);
  auto done = std::to_string(p.finished);
  done.insert(0, all.size() - done.size(), ' ');
  const std::string count = done + "/" + all + " tasks";

  std::string line = count;
  const auto add = [&](const std::string& part) {
    if (line.size() + 2 + part.size() <= width) line += "  " + part;
  };
  // Failures first: of all that may not fit they matter most.
  if (p.failed > 0) add(std::to_string(p.failed) + " failed");
  if (total > 0) add(std::to_string(100 * p.finished / total) + "%");
  if (rate > 0) add(rate_text(rate));
  if (rate > 0 && p.finished < total)
    add("ETA " + duration_text(static_cast<double>(total - p.finished) / rate));

  constexpr unsigned frame = 4;  // Brackets and two spaces.
  if (line.size() + frame + bar_width_min <= width) {
    const auto room = width - static_cast<unsigned>(line.size()) - frame;
    line = bar(p.finished, total, std::min(room, bar_width_max)) + "  " + line;
  }
  if (line.size() > width) line.resize(width);
  return line;
}

progress_display::progress_display(settings s) : settings_(std::move(s)) {}

progress_display::~progress_display() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void progress_display::wait_goes_on() {
  {
    const std::lock_guard lock(mutex_);
    ++waits_;
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  changed_.notify_all();
}

void progress_display::wait_ended() {
  const std::lock_guard lock(mutex_);
  if (--waits_ > 0) return;
  // Here and not on the thread: what the program prints next must not meet the bar.
  if (drawn_) settings_.write("\r\x1b[K");
  drawn_ = false;
}

void progress_display::run() {
  std::unique_lock lock(mutex_);
  while (!ends_) {
    if (waits_ == 0) {
      changed_.wait(lock, [this] { return waits_ > 0 || ends_; });
      continue;
    }
    // The last column stays free: some terminals wrap when it is written.
    const auto width = settings_.width();
    // The cursor goes back, so that a line which somebody else prints takes the place of the bar.
    settings_.write("\r" + progress_line(settings_.measure(), width > 1 ? width - 1 : 1) +
                    "\x1b[K\r");
    drawn_ = true;
    changed_.wait_for(lock, settings_.interval, [this] { return waits_ == 0 || ends_; });
  }
  if (drawn_) settings_.write("\r\x1b[K");
}

std::unique_ptr<progress_display> make_progress_display(const std::string& wanted,
                                                        std::function<progress_state()> measure) {
  if (wanted == "off" || (wanted != "on" && isatty(STDERR_FILENO) == 0)) return nullptr;
  return std::make_unique<progress_display>(progress_display::settings{
      .measure = std::move(measure),
      .write = [](const std::string& text) { std::fputs(text.c_str(), stderr); },
      .width =
          [] {
            winsize size{};
            const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
            return known ? unsigned{size.ws_col} : 80U;
          },
  });
}

}  // namespace troupe
