#pragma once

#include <string>
#include <vector>

namespace climate {

/// A regular grid: cell (row, column) is at (south + row * step, west + column * step) degrees.
struct grid {
  int rows = 0;
  int columns = 0;
  double south = 0;
  double west = 0;
  double step = 0;
};

/// One variable on the grid, row by row from the south. Missing values are NaN.
using field = std::vector<float>;

struct month {
  int year = 0;
  int number = 0;  ///< 1 to 12.
};

/// What a file of monthly fields holds, without the fields.
struct catalogue {
  grid where;
  std::vector<month> months;
};

// All of these throw std::runtime_error with the file's name and, if it is not there, the Debian
// package that has it.

/// Monthly fields over time: dimensions TIME, latitude, longitude.
catalogue open_monthly(const std::string& file, const std::string& variable);

/// The field of one time step.
field read_step(const std::string& file, const std::string& variable, int step);

/// A single field without time: its grid, and some rows of it.
grid open_relief(const std::string& file, const std::string& variable);
field read_rows(const std::string& file, const std::string& variable, int first, int count);

}  // namespace climate
