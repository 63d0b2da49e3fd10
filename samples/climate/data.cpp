#include "data.hpp"

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <mutex>
#include <netcdf.h>
#include <stdexcept>

namespace climate {

namespace {

/// An open NetCDF file; every failure names the file and what was being done.
class file {
public:
  explicit file(std::string path) : one_at_a_time_(library()), path_(std::move(path)) {
    if (!std::filesystem::exists(path_))
      throw std::runtime_error(path_ +
                               ": no such file; the data come with Debian's package "
                               "ferret-datasets: apt-get install ferret-datasets");
    need(nc_open(path_.c_str(), NC_NOWRITE, &id_), "open it as NetCDF");
  }

  file(const file&) = delete;
  file& operator=(const file&) = delete;

  ~file() { nc_close(id_); }

  int variable(const std::string& name) const {
    int v = 0;
    need(nc_inq_varid(id_, name.c_str(), &v), "find the variable " + name);
    return v;
  }

  /// One dimension; its coordinate variable has the same name.
  struct axis {
    std::size_t length = 0;
    std::string name;
  };

  std::vector<axis> axes(const std::string& name, std::size_t expected) const {
    int count = 0;
    const int v = variable(name);
    need(nc_inq_varndims(id_, v, &count), "read the shape of " + name);
    if (static_cast<std::size_t>(count) != expected)
      throw std::runtime_error(path_ + ": " + name + " has " + std::to_string(count) +
                               " dimensions, expected " + std::to_string(expected));
    std::vector<int> ids(expected);
    need(nc_inq_vardimid(id_, v, ids.data()), "read the shape of " + name);
    std::vector<axis> all;
    for (int d : ids) {
      char text[NC_MAX_NAME + 1] = {};
      axis a;
      need(nc_inq_dim(id_, d, text, &a.length), "read a dimension of " + name);
      a.name = text;
      all.push_back(a);
    }
    return all;
  }

  std::vector<double> coordinates(const axis& a) const {
    std::vector<double> all(a.length);
    need(nc_get_var_double(id_, variable(a.name), all.data()), "read " + a.name);
    return all;
  }

  std::string text(const std::string& variable_name, const char* attribute) const {
    std::size_t length = 0;
    const int v = variable(variable_name);
    need(nc_inq_attlen(id_, v, attribute, &length), "find the attribute " + std::string(attribute));
    std::string all(length, ' ');
    need(nc_get_att_text(id_, v, attribute, all.data()), "read " + std::string(attribute));
    return all;
  }

  field read(const std::string& name, const std::vector<std::size_t>& start,
             const std::vector<std::size_t>& count) const {
    std::size_t size = 1;
    for (auto c : count)
      size *= c;
    field all(size);
    const int v = variable(name);
    need(nc_get_vara_float(id_, v, start.data(), count.data(), all.data()), "read " + name);
    float missing = 0;
    if (nc_get_att_float(id_, v, "missing_value", &missing) == NC_NOERR)
      for (auto& x : all)
        if (x == missing) x = std::numeric_limits<float>::quiet_NaN();
    return all;
  }

  grid grid_of(const axis& latitude, const axis& longitude) const {
    auto lat = coordinates(latitude);
    auto lon = coordinates(longitude);
    if (lat.size() < 2 || lon.size() < 2) throw std::runtime_error(path_ + ": the grid is empty");
    return {static_cast<int>(lat.size()), static_cast<int>(lon.size()), lat[0], lon[0],
            lat[1] - lat[0]};
  }

private:
  void need(int status, const std::string& what) const {
    if (status != NC_NOERR)
      throw std::runtime_error(path_ + ": cannot " + what + ": " + nc_strerror(status) +
                               " (a damaged file? apt-get install --reinstall ferret-datasets)");
  }

  /// The NetCDF C library is not thread-safe, and a worker runs tasks on several threads.
  static std::mutex& library() {
    static std::mutex m;
    return m;
  }

  std::lock_guard<std::mutex> one_at_a_time_;
  std::string path_;
  int id_ = -1;
};

/// "hour since 1980-01-14 14:00:00" and a number of hours -> the month it falls in.
month month_of(const std::string& units, double hours, const std::string& path) {
  int y = 0;
  unsigned m = 0;
  unsigned d = 0;
  int h = 0;
  if (std::sscanf(units.c_str(), "hour since %d-%u-%u %d", &y, &m, &d, &h) != 4)
    throw std::runtime_error(path + ": time in '" + units + "', expected 'hour since DATE TIME'");
  using namespace std::chrono;
  const sys_days origin = year(y) / std::chrono::month(m) / day(d);
  const auto when = origin + std::chrono::hours(h + std::lround(hours));
  const year_month_day date(floor<days>(when));
  return {static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month()))};
}

}  // namespace

catalogue open_monthly(const std::string& path, const std::string& variable) {
  const file f(path);
  auto axes = f.axes(variable, 3);
  catalogue all{f.grid_of(axes[1], axes[2]), {}};
  auto units = f.text(axes[0].name, "units");
  for (double hours : f.coordinates(axes[0]))
    all.months.push_back(month_of(units, hours, path));
  return all;
}

field read_step(const std::string& path, const std::string& variable, int step) {
  const file f(path);
  auto axes = f.axes(variable, 3);
  return f.read(variable, {static_cast<std::size_t>(step), 0, 0},
                {1, axes[1].length, axes[2].length});
}

grid open_relief(const std::string& path, const std::string& variable) {
  const file f(path);
  auto axes = f.axes(variable, 2);
  return f.grid_of(axes[0], axes[1]);
}

field read_rows(const std::string& path, const std::string& variable, int first, int count) {
  const file f(path);
  auto axes = f.axes(variable, 2);
  return f.read(variable, {static_cast<std::size_t>(first), 0},
                {static_cast<std::size_t>(count), axes[1].length});
}

}  // namespace climate
