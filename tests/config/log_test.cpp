#include "config/log.hpp"

#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "config/load.hpp"
#include "tests/config/temporary_folder.hpp"

using namespace troupe;

namespace {

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

/// The lines of a program that says something at each level.
std::vector<std::string> said_at(const std::string& level) {
  const temporary_folder folder;
  const auto file = folder / "log";
  {
    const log_sink sink({.level = level, .file = file.string()});
    const auto log = sink.make("worker");
    log->trace("trace");
    log->debug("debug");
    log->info("info");
    log->warn("warn");
    log->error("error");
  }
  auto lines = lines_of(file);
  for (auto& line : lines)
    line = line.substr(line.rfind(' ') + 1);
  return lines;
}

std::string level_of_command(const load_request& request) {
  auto loaded = load_config(request).value();
  log_for_operators(loaded);
  return loaded.values.log.level;
}

}  // namespace

TEST_CASE("a log has the lines of its level and of those above it") {
  using lines = std::vector<std::string>;
  CHECK(said_at("trace") == lines{"trace", "debug", "info", "warn", "error"});
  CHECK(said_at("info") == lines{"info", "warn", "error"});
  CHECK(said_at("warn") == lines{"warn", "error"});
  CHECK(said_at("error") == lines{"error"});
  CHECK(said_at("off").empty());
  CHECK(said_at(log_options{}.level) == lines{"warn", "error"});
}

TEST_CASE("a line of a log has time, level, role and words, and no colour in a file") {
  const temporary_folder folder;
  const log_sink sink({.level = "info", .file = (folder / "log").string()});
  sink.make("scheduler")->info("worker joined worker={}", 7);
  const auto lines = lines_of(folder / "log");
  REQUIRE(lines.size() == 1);
  const std::regex form(
      R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} info    scheduler worker joined worker=7)");
  CAPTURE(lines[0]);
  CHECK(std::regex_match(lines[0], form));
}

TEST_CASE("a log goes on where the file ends, and each line is there at once") {
  const temporary_folder folder;
  const auto file = folder.write("log", "before\n");
  const log_sink sink({.level = "info", .file = file.string()});
  const auto log = sink.make("worker");
  log->info("one");
  CHECK(lines_of(file).size() == 2);
  log->info("two");
  CHECK(lines_of(file).size() == 3);
  CHECK(lines_of(file).front() == "before");
}

TEST_CASE("a log file that cannot be written is an error that names the key and the file") {
  const temporary_folder folder;
  folder.write("file", "");
  const auto path = (folder / "file").string() + "/log";
  CHECK_THROWS_WITH_AS(log_sink({.level = "info", .file = path}), doctest::Contains("log.file"),
                       exception);
  CHECK_THROWS_WITH_AS(log_sink({.level = "info", .file = path}), doctest::Contains(path.c_str()),
                       exception);
}

TEST_CASE("commands tell more than programs, unless the level was set anywhere") {
  CHECK(level_of_command({}) == "info");
  CHECK(level_of_command({.variables = {{"TROUPE_LOG__LEVEL", "error"}}}) == "error");
  CHECK(level_of_command({.assignments = {"log.level=warn"}}) == "warn");
  const temporary_folder folder;
  CHECK(level_of_command({.file = folder.write("t.toml", "[log]\nlevel = \"debug\"\n")}) ==
        "debug");
}
