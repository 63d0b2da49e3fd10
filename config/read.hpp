#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <troupe/settings.hpp>

namespace troupe {

/// Why a value was not taken. The hint may be empty.
struct misread {
  std::string hint;
};

// Reads what was written as what is wanted. Loose text is taken for whatever it can mean.
std::optional<misread> read_value(const setting&, bool&);
std::optional<misread> read_value(const setting&, std::int64_t&);
std::optional<misread> read_value(const setting&, double&);
std::optional<misread> read_value(const setting&, std::string&);
std::optional<misread> read_value(const setting&, std::chrono::nanoseconds&);
std::optional<misread> read_value(const setting&, std::uint64_t& size_bytes);
std::optional<misread> read_value(const setting&, std::vector<std::string>&);
std::optional<misread> read_value(const setting&, std::map<std::string, std::string>&);
std::optional<misread> read_value(const setting&, std::map<std::string, double>&);

// What to call a kind of value within limits: "a whole number from 0 to 4096".
std::string wanted_integer(std::int64_t least, std::int64_t most);
std::string wanted_number(double least, double most);
std::string wanted_duration(std::chrono::nanoseconds least, std::chrono::nanoseconds most);
std::string wanted_size(std::uint64_t least, std::uint64_t most);
std::string wanted_choice(const std::vector<std::string>& allowed);

/// The value in words that are not too long: `"two"`, `12`, `a list`.
std::string found_words(const setting&);

/// Only its kind: `a text`. For secrets.
std::string found_kind(const setting&);

/// Whether a key of this name holds something not to be printed: "password", "api_token", …
bool names_secret(std::string_view key);

/// "place: ", or "" for what was set in a program.
std::string prefix(const origin&);

}  // namespace troupe
