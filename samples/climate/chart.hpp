#pragma once

#include <string>
#include <vector>

#include "data.hpp"
#include "tasks.hpp"

namespace climate {

/// A bar chart of a monthly series for a terminal `width` columns wide: one column a month where
/// that fits, else a column is the mean of two or more. Positive bars rise, negative ones hang.
std::string series_chart(const std::vector<month>& months, const std::vector<double>& values,
                         int width);

/// "1982-10  +2.38 m/s" for the strongest months, strongest first.
std::string strongest_table(const std::vector<month>& months, const std::vector<double>& values,
                            std::size_t count);

/// Land and mean height of each band, then the share of each height of the whole Earth.
std::string relief_table(const std::vector<hypsometry>& bands, const hypsometry& earth, int width);

}  // namespace climate
