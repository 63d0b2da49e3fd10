#include "backends/output_relay.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace troupe::backends {

namespace {

constexpr std::size_t line_max = 4096;  ///< A longer one is cut in pieces.
constexpr std::size_t tail_max = 3;     ///< Lines of last words.
constexpr int reads_max = 32;           ///< At one time, so that a chatty child is not all we hear.

void write_all(int to, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const auto size = write(to, text.data() + done, text.size() - done);
    if (size > 0)
      done += static_cast<std::size_t>(size);
    else if (errno != EINTR)
      return;  // Nobody reads our errors; the workers go on.
  }
}

}  // namespace

// On a terminal, a line first clears what is left of a progress bar there.
output_relay::output_relay(int to) : to_(to), line_start_(isatty(to) != 0 ? "\x1b[K" : "") {
  auto made = make_pipe();
  if (!made) return;  // Then open() says why.
  wake_ = std::move(*made);
  thread_ = std::thread([this] { run(); });
}

output_relay::~output_relay() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  thread_.join();
}

result<output_relay::source> output_relay::open() {
  auto ends = make_pipe();
  if (!ends) return ends.error();
  if (!thread_.joinable()) return error{errc::resource, "too many files are open in this process"};
  fcntl(ends->read.number(), F_SETFL, O_NONBLOCK);
  std::uint64_t number = 0;
  {
    std::lock_guard lock(mutex_);
    number = next_++;
    streams_[number].read = std::move(ends->read);
  }
  wake();
  return source{number, std::move(ends->write)};
}

std::string output_relay::last_words(std::uint64_t number) {
  std::string words;
  {
    std::lock_guard lock(mutex_);
    auto found = streams_.find(number);
    if (found == streams_.end()) return {};
    drain(found->second);
    end_line(found->second);
    for (const auto& line : found->second.tail)
      words += (words.empty() ? "" : " | ") + line;
    streams_.erase(found);
  }
  wake();
  return words;
}

void output_relay::run() {
  for (;;) {
    std::vector<pollfd> waiting{{wake_.read.number(), POLLIN, 0}};
    std::vector<std::uint64_t> numbers;
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
      for (auto& [number, from] : streams_) {
        if (from.at_end) continue;
        waiting.push_back({from.read.number(), POLLIN, 0});
        numbers.push_back(number);
      }
    }
    if (poll(waiting.data(), waiting.size(), -1) < 0) continue;
    if (waiting.front().revents != 0) {
      std::array<char, 64> ignored{};
      [[maybe_unused]] auto size = read(wake_.read.number(), ignored.data(), ignored.size());
    }
    std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      // By number: the descriptor may have been closed, and another opened, since poll().
      auto found = streams_.find(numbers[i]);
      if (waiting[i + 1].revents != 0 && found != streams_.end()) drain(found->second);
    }
  }
}

void output_relay::drain(stream& from) {
  std::array<char, 4096> data{};
  for (int reads = 0; reads < reads_max && !from.at_end; ++reads) {
    const auto size = read(from.read.number(), data.data(), data.size());
    if (size > 0)
      take(from, data.data(), static_cast<std::size_t>(size));
    else if (size < 0 && errno == EINTR)
      continue;
    else if (size < 0 && errno == EAGAIN)
      return;
    else
      from.at_end = true;
  }
}

void output_relay::take(stream& from, const char* data, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] == '\n' || from.line.size() >= line_max) end_line(from);
    if (data[i] != '\n') from.line += data[i];
  }
}

void output_relay::end_line(stream& from) {
  if (from.line.empty()) return;
  write_all(to_, line_start_ + from.line + "\n");
  from.tail.push_back(std::exchange(from.line, {}));
  if (from.tail.size() > tail_max) from.tail.erase(from.tail.begin());
}

void output_relay::wake() {
  [[maybe_unused]] auto size = write(wake_.write.number(), "", 1);
}

}  // namespace troupe::backends
