#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

struct toml_flaw {
  std::size_t offset = 0;
  std::string words;
};

/// The first thing in the text that no TOML has, and that toml++ 3.3 cannot be given: it would stop
/// the process, run out of stack, or run into undefined behaviour. Sound text may still be no TOML.
std::optional<toml_flaw> find_flaw(std::string_view text);

/// The bytes from the front that are UTF-8.
std::size_t utf8_length(std::string_view);

/// A letter of a key without quotes.
bool is_bare(char) noexcept;

}  // namespace troupe
