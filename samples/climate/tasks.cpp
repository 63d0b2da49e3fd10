#include "tasks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace climate {

namespace {

double cosine(double degrees) {
  return std::cos(degrees * std::numbers::pi / 180);
}

}  // namespace

field read_month(const std::string& file, const std::string& variable, int step) {
  return read_step(file, variable, step);
}

field mean_of(const std::vector<field>& years) {
  field mean(years.at(0).size());
  for (std::size_t cell = 0; cell < mean.size(); ++cell) {
    double sum = 0;
    int count = 0;
    for (const auto& year : years)
      if (!std::isnan(year[cell])) {
        sum += year[cell];
        ++count;
      }
    mean[cell] = count ? static_cast<float>(sum / count) : std::numeric_limits<float>::quiet_NaN();
  }
  return mean;
}

field anomaly_of(const field& month, const field& climatology) {
  field anomaly(month.size());
  for (std::size_t cell = 0; cell < month.size(); ++cell)
    anomaly[cell] = month[cell] - climatology[cell];
  return anomaly;
}

double box_mean(const field& values, const grid& where, const box& part) {
  double sum = 0;
  double weights = 0;
  for (int row = 0; row < where.rows; ++row) {
    const double latitude = where.south + row * where.step;
    if (latitude < part.south || latitude > part.north) continue;
    for (int column = 0; column < where.columns; ++column) {
      const double longitude = where.west + column * where.step;
      if (longitude < part.west || longitude > part.east) continue;
      const float value = values[static_cast<std::size_t>(row * where.columns + column)];
      if (std::isnan(value)) continue;
      sum += cosine(latitude) * value;
      weights += cosine(latitude);
    }
  }
  return sum / weights;
}

squares square(const field& anomaly) {
  squares s{field(anomaly.size()), std::vector<int>(anomaly.size())};
  for (std::size_t cell = 0; cell < anomaly.size(); ++cell)
    if (!std::isnan(anomaly[cell])) {
      s.sum[cell] = anomaly[cell] * anomaly[cell];
      s.count[cell] = 1;
    }
  return s;
}

squares add_squares(const squares& a, const squares& b) {
  squares s = a;
  for (std::size_t cell = 0; cell < s.sum.size(); ++cell) {
    s.sum[cell] += b.sum[cell];
    s.count[cell] += b.count[cell];
  }
  return s;
}

field root_mean(const squares& all) {
  field rms(all.sum.size());
  for (std::size_t cell = 0; cell < rms.size(); ++cell)
    rms[cell] = std::sqrt(all.sum[cell] / static_cast<float>(all.count[cell]));
  return rms;
}

hypsometry measure_rows(const std::string& file, const std::string& variable, const grid& where,
                        int first, int count) {
  const auto heights = read_rows(file, variable, first, count);
  hypsometry h{where.south + first * where.step, where.south + (first + count - 1) * where.step,
               std::vector<double>(bins), 0, 0};
  // Of the whole sphere: a cell is step by step degrees, narrower towards the poles. Area of the
  // sphere = 4 pi, of a cell = step² cos(latitude), in radians.
  const double radians = where.step * std::numbers::pi / 180;
  for (int row = 0; row < count; ++row) {
    const double area = radians * radians * cosine(where.south + (first + row) * where.step) /
                        (4 * std::numbers::pi);
    for (int column = 0; column < where.columns; ++column) {
      const float height = heights[static_cast<std::size_t>(row * where.columns + column)];
      if (std::isnan(height)) continue;
      const int bin = static_cast<int>((height - lowest_bin) / bin_metres);
      h.area[static_cast<std::size_t>(std::clamp(bin, 0, bins - 1))] += area;
      if (height > 0) h.land += area;
      h.height_sum += height * area;
    }
  }
  return h;
}

hypsometry add_heights(const hypsometry& a, const hypsometry& b) {
  hypsometry h{std::min(a.south, b.south), std::max(a.north, b.north), a.area, a.land + b.land,
               a.height_sum + b.height_sum};
  for (std::size_t bin = 0; bin < h.area.size(); ++bin)
    h.area[bin] += b.area[bin];
  return h;
}

void register_tasks(troupe::task_registry& tasks) {
  tasks.add<&read_month, &mean_of, &anomaly_of, &box_mean, &square, &add_squares, &root_mean,
            &measure_rows, &add_heights>();
}

}  // namespace climate
