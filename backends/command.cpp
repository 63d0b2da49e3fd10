#include "backends/command.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace troupe::backends {

namespace {

/// A queue of a hundred thousand jobs takes less.
constexpr std::size_t output_max = std::size_t{64} << 20;
constexpr std::size_t complaint_max = 2000;

/// In memory: unlike a pipe it is never full, so that nobody has to read while the program runs.
result<descriptor> memory_file() {
  descriptor file(memfd_create("troupe-command", MFD_CLOEXEC));
  if (!file)
    return error{errc::system,
                 std::string("cannot make a file in memory: ") + std::strerror(errno)};
  return file;
}

std::string content_of(const descriptor& file) {
  std::string all;
  std::string piece(std::size_t{64} << 10, '\0');
  while (all.size() < output_max) {
    const auto size =
        pread(file.number(), piece.data(), piece.size(), static_cast<off_t>(all.size()));
    if (size <= 0) break;
    all.append(piece, 0, static_cast<std::size_t>(size));
  }
  return all;
}

/// On one line, without what a terminal would take for orders.
std::string complaint(const std::string& text) {
  std::string line;
  for (const char c : text) {
    if (c == '\n')
      line += " | ";
    else if (static_cast<unsigned char>(c) >= ' ')
      line += c;
  }
  while (!line.empty() && (line.back() == ' ' || line.back() == '|'))
    line.pop_back();
  if (line.size() > complaint_max) line.resize(complaint_max);
  return line;
}

}  // namespace

result<command_outcome> run_command(const command_order& order) {
  auto output = memory_file();
  if (!output) return output.error();
  auto errors = memory_file();
  if (!errors) return errors.error();
  descriptor input;
  if (!order.input_file.empty()) {
    input = descriptor(open(order.input_file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!input)
      return error{errc::system, "cannot read " + order.input_file + ": " + std::strerror(errno)};
  }
  process_order start;
  start.command = order.words;
  start.environment = order.environment;
  start.errors = errors->number();
  start.output = output->number();
  start.input = input.number();
  auto running = process::start(start);
  if (!running) return running.error();
  const auto end = running->wait(order.deadline);
  if (!end) {
    running->kill();
    running->wait(std::chrono::seconds(5));
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(order.deadline).count();
    const auto said = complaint(content_of(*errors));
    return error{errc::timeout, "`" + shell_words(order.words) + "` took longer than " +
                                    std::to_string(seconds) + " s" +
                                    (said.empty() ? "" : ", saying: " + said)};
  }
  return command_outcome{*end, content_of(*output), content_of(*errors)};
}

error failure_of(const command_order& order, const command_outcome& outcome) {
  // Some of these programs complain on standard output.
  auto said = complaint(outcome.errors);
  if (said.empty()) said = complaint(outcome.output);
  return {errc::system, "`" + shell_words(order.words) + "` ended with " + describe(outcome.end) +
                            (said.empty() ? ", without a word" : ": " + said)};
}

result<std::string> output_of(const command_order& order) {
  auto outcome = run_command(order);
  if (!outcome) return outcome.error();
  if (!(outcome->end == process_end{})) return failure_of(order, *outcome);
  return std::move(outcome->output);
}

}  // namespace troupe::backends
