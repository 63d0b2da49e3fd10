#include "chart.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace climate {

namespace {

constexpr int half_height = 4;  ///< Text rows above and below zero.

template <class... A>
std::string format(const char* form, A... a) {
  char text[160];
  std::snprintf(text, sizeof text, form, a...);
  return text;
}

/// The eighths of a block, from the bottom; a hanging bar is the complement in reverse video, which
/// not every terminal has, so bars below zero are drawn to the nearest whole block.
std::string cell(double value, int row, double unit) {
  static const char* eighths[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (row >= 0) {
    const double filled = std::clamp(value / unit - row, 0.0, 1.0);
    return eighths[static_cast<int>(std::lround(filled * 8))];
  }
  const double filled = -value / unit + row + 1;
  return filled >= 0.75 ? "█" : filled >= 0.25 ? "▀" : " ";
}

}  // namespace

std::string series_chart(const std::vector<month>& months, const std::vector<double>& values,
                         int width) {
  const int room = std::max(20, width - 9);
  const auto per_column = (values.size() + static_cast<std::size_t>(room) - 1) / room;
  std::vector<double> columns;
  std::vector<int> years;  ///< Of a column in which a year begins, else 0.
  for (std::size_t i = 0; i < values.size(); i += per_column) {
    const auto end = std::min(i + per_column, values.size());
    columns.push_back(std::accumulate(values.begin() + i, values.begin() + end, 0.0) / (end - i));
    int begins = 0;
    for (auto k = i; k < end; ++k)
      if (months[k].number == 1) begins = months[k].year;
    years.push_back(begins);
  }
  double top = 0.01;
  for (double c : columns)
    top = std::max(top, std::abs(c));
  const double unit = top / half_height;

  std::string text;
  for (int row = half_height - 1; row >= -half_height; --row) {
    if (row == half_height - 1 || row == -half_height)
      text += format("%+6.1f ┤", row > 0 ? top : -top);
    else
      text += row == 0 ? "   0.0 ┼" : "       │";
    for (double c : columns)
      text += cell(c, row, unit);
    text += "\n";
  }
  std::string axis = "        ";
  for (std::size_t i = 0; i < years.size(); ++i)
    if (years[i] && axis.size() <= i + 8) {
      axis.resize(i + 8, ' ');
      axis += format("'%02d ", years[i] % 100);
    }
  return text + axis + "\n";
}

std::string strongest_table(const std::vector<month>& months, const std::vector<double>& values,
                            std::size_t count) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return values[a] > values[b]; });
  order.resize(std::min(count, order.size()));
  std::string text = "  month     anomaly\n";
  for (auto i : order)
    text += format("  %d-%02d  %+6.2f m/s\n", months[i].year, months[i].number, values[i]);
  return text;
}

std::string relief_table(const std::vector<hypsometry>& bands, const hypsometry& earth, int width) {
  std::string text = "  latitude       land   mean height\n";
  for (auto band = bands.rbegin(); band != bands.rend(); ++band) {
    const double area = std::accumulate(band->area.begin(), band->area.end(), 0.0);
    // Plus zero: a band edge a hair below the equator is not "-0".
    text += format("  %+3.0f° to %+3.0f°  %3.0f %%   %+6.0f m\n", std::round(band->south) + 0.0,
                   std::round(band->north) + 0.0, 100 * band->land / area, band->height_sum / area);
  }
  const double most = *std::max_element(earth.area.begin(), earth.area.end());
  const int room = std::max(10, width - 30);
  text += "\n  height of the Earth's surface\n";
  for (int bin = bins - 1; bin >= 0; --bin) {
    const double area = earth.area[static_cast<std::size_t>(bin)];
    if (area < 0.00005) continue;  // Would print as 0.00 %.
    text += format("  %+7.0f m  %5.2f %%  ", lowest_bin + bin * bin_metres, 100 * area);
    for (int i = 0; i < std::lround(room * area / most); ++i)
      text += "█";
    text += "\n";
  }
  return text;
}

}  // namespace climate
