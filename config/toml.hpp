#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <troupe/result.hpp>
#include <troupe/settings.hpp>

namespace troupe {

inline constexpr std::size_t toml_bytes_max = std::size_t{1} << 20;

/// Whatever the text is: a table, or an error with "name:line:column". Dates become texts.
result<setting::table> read_toml(std::string_view text, const std::string& name);

/// One value in TOML's notation, e.g. "[1, 2]"; nothing if it is not one.
std::optional<setting> read_toml_value(std::string_view text);

/// The value as one line of TOML.
std::string write_toml(const setting&);
std::string write_toml(std::string_view text);

/// A key, in quotes if it needs them.
std::string write_toml_key(std::string_view key);

}  // namespace troupe
