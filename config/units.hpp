#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <troupe/result.hpp>

namespace troupe {

/// "90s", "1h30m", "20ms", "0.5s", "0s". A plain number is refused: it does not say of what.
/// Errors tell only what is wrong with the text, so that callers can say where it was.
result<std::chrono::nanoseconds> parse_duration(std::string_view);

/// "512MiB" (1024²), "2GB" (1000³), or a plain number of bytes.
result<std::uint64_t> parse_size(std::string_view);

/// An exact text that parse_duration() takes, with one unit: "90s".
std::string format_duration(std::chrono::nanoseconds);

/// An exact text that parse_size() takes: "64MiB", "4097B".
std::string format_size(std::uint64_t);

}  // namespace troupe
