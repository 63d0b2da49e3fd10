#include <algorithm>

#include <troupe/error.hpp>

namespace troupe {

namespace {

constexpr std::size_t chain_max = 8;

std::string needed_by(const std::vector<std::string>& chain) {
  std::string words;
  const auto shown = std::min(chain.size(), chain_max);
  for (std::size_t i = 0; i < shown; ++i) {
    words += words.empty() ? " (needed by '" : ", '";
    words += chain[i] + "'";
  }
  if (chain.size() > shown) words += " and " + std::to_string(chain.size() - shown) + " more";
  return words.empty() ? words : words + ")";
}

}  // namespace

std::string_view to_string(errc code) noexcept {
  switch (code) {
    case errc::ok:
      return "ok";
    case errc::cancelled:
      return "cancelled";
    case errc::task_failed:
      return "task failed";
    case errc::unknown_task:
      return "unknown task";
    case errc::unknown_input:
      return "unknown input";
    case errc::worker_lost:
      return "worker lost";
    case errc::scheduler_lost:
      return "scheduler lost";
    case errc::connection_failed:
      return "connection failed";
    case errc::refused:
      return "refused";
    case errc::bad_bytes:
      return "bad bytes";
    case errc::bad_config:
      return "bad config";
    case errc::bad_argument:
      return "bad argument";
    case errc::timeout:
      return "timeout";
    case errc::resource:
      return "resource";
    case errc::system:
      return "system";
  }
  return "unknown error";  // From a newer peer.
}

std::string describe(const error& e) {
  std::string line;
  if (!e.task.empty()) {
    line = "task '" + e.task + "' " + (e.code == errc::cancelled ? "was cancelled" : "failed");
    if (!e.worker.empty()) line += " on worker '" + e.worker + "'";
  }
  const auto add = [&line](std::string_view words) {
    if (words.empty()) return;
    if (!line.empty()) line += ": ";
    line += words;
  };
  add(e.type);
  add(e.message);
  if (line.empty()) line = to_string(e.code);
  line += needed_by(e.chain);
  // One line, whatever the user's exception said. Mistakes in a configuration have a line each.
  if (e.code != errc::bad_config)
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

}  // namespace troupe
