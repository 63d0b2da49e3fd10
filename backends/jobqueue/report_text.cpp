#include "backends/jobqueue/report_text.hpp"

#include <charconv>
#include <ctime>
#include <utility>

namespace troupe::backends::jobqueue {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::size_t excerpt_max = 120;

}  // namespace

std::vector<std::string_view> split(std::string_view line, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = line.find(at);
    parts.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return parts;
    line.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (const auto line : split(text, '\n'))
    if (!trimmed(line).empty()) lines.push_back(line);
  return lines;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const auto begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const auto end = line.find_first_of(blanks);
    words.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return words;
    line.remove_prefix(end);
  }
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data(), end, number);
  if (text.empty() || failed != std::errc() || at != end) return std::nullopt;
  return number;
}

std::optional<launch_status::time_point> unix_time(std::int64_t seconds) {
  // Some systems say 0, or a time after all others, for one that they do not know.
  constexpr std::int64_t year_2200 = 7'258'118'400;
  if (seconds <= 0 || seconds >= year_2200) return std::nullopt;
  return launch_status::time_point(std::chrono::seconds(seconds));
}

std::optional<launch_status::time_point> local_time(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  const char* end = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (!end || *end != '\0') return std::nullopt;
  parts.tm_isdst = -1;
  return unix_time(std::mktime(&parts));
}

error not_understood(const std::string& command, std::string_view what) {
  auto excerpt = std::string(what.substr(0, excerpt_max));
  for (auto& c : excerpt)
    if (static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > '~') c = '?';
  return {errc::bad_bytes,
          command + " printed something that is not understood: \"" + excerpt + "\""};
}

std::string text_in(const nlohmann::json& from, const char* key) {
  if (!from.is_object()) return {};
  const auto found = from.find(key);
  if (found == from.end() || found->is_null()) return {};
  if (found->is_string()) return found->get<std::string>();
  if (found->is_primitive()) return found->dump();
  return {};
}

std::optional<std::int64_t> number_in(const nlohmann::json& from, const char* key) {
  return number_of(text_in(from, key));
}

result<nlohmann::json> read_json(const std::string& command, std::string_view text) {
  auto read = nlohmann::json::parse(text, nullptr, false);
  if (read.is_discarded()) return not_understood(command, trimmed(text));
  return read;
}

}  // namespace troupe::backends::jobqueue
