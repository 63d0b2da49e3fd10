#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace troupe {

/// Two lower-case digits a byte.
inline std::string hex(std::span<const std::uint8_t> from) {
  std::string text;
  for (const unsigned byte : from)
    for (const auto digit : {byte >> 4, byte & 15})
      text += "0123456789abcdef"[digit];
  return text;
}

}  // namespace troupe
