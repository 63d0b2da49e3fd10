// The part of the style guide that can be checked, checked: layers, lengths, banned words.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "test_paths.hpp"

namespace {

namespace fs = std::filesystem;

struct source {
  std::string path;  ///< From the root, with '/'.
  std::vector<std::string> lines;

  bool under(const std::string& folder) const { return path.rfind(folder, 0) == 0; }
};

std::vector<source> all_sources() {
  const fs::path root = TROUPE_SOURCE_DIR;
  std::vector<source> all;
  for (const char* folder :
       {"serialization", "config", "actors", "backends", "tests", "samples", "bench"})
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const auto ending = entry.path().extension();
      if (ending != ".cpp" && ending != ".hpp") continue;
      source s{fs::relative(entry.path(), root).generic_string(), {}};
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);)
        s.lines.push_back(line);
      all.push_back(std::move(s));
    }
  return all;
}

std::string included(const std::string& line) {
  static const std::regex form(R"re(^\s*#include\s+[<"]([^>"]+)[>"])re");
  std::smatch found;
  return std::regex_search(line, found, form) ? found[1].str() : std::string();
}

bool starts(const std::string& text, const std::string& with) {
  return text.rfind(with, 0) == 0;
}

/// 0 types and wire, 1 config, 2 cores, 3 backends, 4 shells; -1: not part of the library.
int layer_of(const std::string& path) {
  if (starts(path, "serialization/")) return 0;
  if (starts(path, "config/")) return 1;
  if (starts(path, "actors/") && path.find("/core/") != std::string::npos) return 2;
  if (starts(path, "backends/")) return 3;
  if (starts(path, "actors/")) return 4;
  return -1;
}

/// The file that a public header is in, from its installed name.
std::string home_of(const std::string& header) {
  for (const char* folder : {"serialization", "config", "backends", "actors"}) {
    auto path = std::string(folder) + "/include/" + header;
    if (fs::exists(fs::path(TROUPE_SOURCE_DIR) / path)) return path;
  }
  return {};
}

bool may_include_package(const source& s, const std::string& what) {
  if (s.under("tests/")) return true;
  const bool core = s.path.find("/core/") != std::string::npos;
  if (starts(what, "caf/")) return s.under("actors/") && !core;
  if (starts(what, "capnp/") || starts(what, "kj/")) return s.under("serialization/");
  if (starts(what, "toml++/")) return s.under("config/");
  if (starts(what, "spdlog/")) return s.under("config/log.") || (s.under("actors/") && !core);
  if (starts(what, "doctest/")) return false;
  return true;
}

}  // namespace

TEST_CASE("a layer includes only what is below it") {
  for (const auto& s : all_sources()) {
    const int layer = layer_of(s.path);
    if (layer < 0) continue;
    for (const auto& line : s.lines) {
      auto what = included(line);
      if (starts(what, "troupe/")) what = home_of(what);
      const int other = layer_of(what);
      if (other < 0) continue;
      CAPTURE(s.path);
      CAPTURE(what);
      CHECK(other <= layer);
    }
  }
}

TEST_CASE("packages are named only where they belong") {
  for (const auto& s : all_sources())
    for (const auto& line : s.lines) {
      CAPTURE(s.path);
      CAPTURE(line);
      CHECK(may_include_package(s, included(line)));
    }
}

TEST_CASE("public headers name no package, so that users need none") {
  for (const auto& s : all_sources()) {
    if (s.path.find("/include/troupe/") == std::string::npos) continue;
    if (s.path == "serialization/include/troupe/capnp.hpp") continue;  // Opt-in, for its users.
    for (const auto& line : s.lines)
      for (const char* package :
           {"caf/", "capnp/", "kj/", "toml++/", "spdlog/", "nlohmann/", "openssl/"}) {
        CAPTURE(s.path);
        CHECK_FALSE(starts(included(line), package));
      }
  }
}

TEST_CASE("machines know no clock, no thread, no chance and no log") {
  const std::regex banned(R"(std::(thread|jthread|mutex|random_device|rand|condition_variable)\b)"
                          R"(|_clock::now|\bprintf\()");
  for (const auto& s : all_sources()) {
    if (layer_of(s.path) != 2) continue;
    for (const auto& line : s.lines) {
      CAPTURE(s.path);
      CAPTURE(line);
      CHECK_FALSE(std::regex_search(line, banned));
    }
  }
}

TEST_CASE("files and lines stay short") {
  for (const auto& s : all_sources()) {
    const bool header = s.path.ends_with(".hpp");
    const std::size_t most = s.under("tests/") ? 600 : header ? 200 : 400;
    CAPTURE(s.path);
    CHECK(s.lines.size() <= most);
    for (const auto& line : s.lines) {
      // In characters, not bytes: signs and bars in texts take several.
      const auto length =
          std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
      CAPTURE(line);
      CHECK(length <= 100);
    }
  }
}

TEST_CASE("functions are at most 70 lines") {
  // By layout: a function's closing brace stands at the indent of its first line.
  const std::regex head(R"(^( {0,4})[^ #/}:"].*\)( const)?( noexcept)?( override)?( try)? \{$)");
  for (const auto& s : all_sources())
    for (std::size_t i = 0; i < s.lines.size(); ++i) {
      std::smatch found;
      if (!std::regex_match(s.lines[i], found, head)) continue;
      const auto end =
          std::find_if(s.lines.begin() + static_cast<std::ptrdiff_t>(i), s.lines.end(),
                       [&](const std::string& line) { return starts(line, found[1].str() + "}"); });
      CAPTURE(s.path);
      CAPTURE(s.lines[i]);
      CHECK(end - s.lines.begin() - static_cast<std::ptrdiff_t>(i) <= 70);
    }
}

TEST_CASE("headers guard themselves, and nobody opens a namespace for others") {
  for (const auto& s : all_sources()) {
    CAPTURE(s.path);
    if (s.path.ends_with(".hpp"))
      CHECK(std::find(s.lines.begin(), s.lines.end(), "#pragma once") != s.lines.end());
    for (const auto& line : s.lines) {
      CAPTURE(line);
      CHECK(line.find(std::string("using namespace ") + "caf") == std::string::npos);
      CHECK(line.find(std::string("using namespace ") + "std;") == std::string::npos);
    }
  }
}

TEST_CASE("the README's first program is the sample that is built and run") {
  const fs::path root = TROUPE_SOURCE_DIR;
  const auto text = [](const fs::path& file) {
    std::ifstream in(file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const auto program = text(root / "samples/hello/main.cpp");
  REQUIRE_FALSE(program.empty());
  CHECK(text(root / "README.md").find("```cpp\n" + program + "```") != std::string::npos);
}
