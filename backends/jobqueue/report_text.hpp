#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/jobqueue/job_report.hpp"

namespace troupe::backends::jobqueue {

std::vector<std::string_view> lines_of(std::string_view text);
std::vector<std::string_view> split(std::string_view line, char at);
/// By blanks.
std::vector<std::string_view> words_of(std::string_view line);
std::string_view trimmed(std::string_view);

std::optional<std::int64_t> number_of(std::string_view);

/// "2026-11-23T19:21:13", in this machine's time zone.
std::optional<launch_status::time_point> local_time(std::string_view);
std::optional<launch_status::time_point> unix_time(std::int64_t seconds);

/// "squeue printed something that is not understood: ..."
error not_understood(const std::string& command, std::string_view what);

/// A member as text, be it a text or a number; "" if there is none.
std::string text_in(const nlohmann::json&, const char* key);
std::optional<std::int64_t> number_in(const nlohmann::json&, const char* key);

/// The document, or an error.
result<nlohmann::json> read_json(const std::string& command, std::string_view);

}  // namespace troupe::backends::jobqueue
