#pragma once

#include <string>

#include "data.hpp"
#include "tasks.hpp"

namespace climate {

/// Writes a field as a PNG: a map with axes in degrees, the box outlined, and a colour bar from
/// zero to the largest value. Throws std::runtime_error if the file cannot be written.
void draw_map(const std::string& file, const std::string& title, const std::string& unit,
              const grid& where, const field& values, const box& outline);

}  // namespace climate
