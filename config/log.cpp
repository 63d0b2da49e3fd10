#include "config/log.hpp"

#include <string>
#include <unistd.h>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>

namespace troupe {

namespace {

spdlog::sink_ptr make_sink(const log_options& options) {
  if (options.file.empty()) return std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  try {
    return std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
  } catch (const spdlog::spdlog_ex& e) {
    throw exception(
        {errc::bad_config, "log.file " + options.file + " cannot be written: " + e.what()});
  }
}

}  // namespace

log_sink::log_sink(const log_options& options) : options_(options), sink_(make_sink(options)) {
  // What is left of a progress bar in this line goes.
  const bool on_terminal = options.file.empty() && isatty(STDERR_FILENO) != 0;
  const std::string clear = on_terminal ? "\x1b[K" : "";
  sink_->set_pattern(clear + "%Y-%m-%dT%H:%M:%S.%e %^%-7l%$ %n %v");
}

logger log_sink::make(const std::string& role) const {
  auto made = std::make_shared<spdlog::logger>(role, sink_);
  made->set_level(spdlog::level::from_str(options_.level));
  // A line a worker at this level: cheap, and a process that is killed leaves its last words.
  made->flush_on(spdlog::level::info);
  return made;
}

}  // namespace troupe
