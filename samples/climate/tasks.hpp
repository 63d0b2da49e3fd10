#pragma once

#include <string>
#include <vector>

#include <troupe/task.hpp>

#include "data.hpp"

namespace climate {

/// A box on the globe in degrees; its edges belong to it.
struct box {
  double south = 0;
  double north = 0;
  double west = 0;
  double east = 0;
};

/// The part of the Pacific whose winds tell of El Niño: 5°S to 5°N, 160°E to 150°W.
inline constexpr box nino4{-5, 5, 160, 210};

/// Sums of squares and how many months went into each cell.
struct squares {
  field sum;
  std::vector<int> count;
};

/// Heights of one band of latitude: area of each height bin, as parts of the Earth's surface.
struct hypsometry {
  double south = 0;
  double north = 0;
  std::vector<double> area;  ///< See bin_of().
  double land = 0;
  double height_sum = 0;  ///< Height times area, metres.
};

inline constexpr double bin_metres = 500;
inline constexpr double lowest_bin = -11000;
inline constexpr int bins = 40;

// The tasks of the winds.

field read_month(const std::string& file, const std::string& variable, int step);

/// The mean of the same calendar month of all years.
field mean_of(const std::vector<field>& years);

field anomaly_of(const field& month, const field& climatology);

/// Mean over the box, each cell weighted with the cosine of its latitude: its area.
double box_mean(const field& values, const grid& where, const box& part);

squares square(const field& anomaly);
squares add_squares(const squares& a, const squares& b);
field root_mean(const squares& all);

// The tasks of the relief.

hypsometry measure_rows(const std::string& file, const std::string& variable, const grid& where,
                        int first, int count);
hypsometry add_heights(const hypsometry& a, const hypsometry& b);

void register_tasks(troupe::task_registry& tasks);

}  // namespace climate
