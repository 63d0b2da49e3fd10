// Eleven years of monthly Pacific winds, and the relief of the Earth, as two task graphs.
//
//   climate [--config FILE] [--set KEY=VALUE] [--data DIR] [--output DIR]
//
// Every worker reads its months by itself: DIR must be there on all of them.

#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

#include <troupe/troupe.hpp>

#include "chart.hpp"
#include "data.hpp"
#include "map.hpp"
#include "tasks.hpp"

namespace {

using climate::field;

struct arguments {
  std::string data = "/usr/share/ferret-vis/data";
  std::string output = ".";
};

arguments parse(int argc, char** argv) {
  arguments a;
  for (int i = 1; i < argc; ++i) {
    const bool has_value = i + 1 < argc;
    if (has_value && !std::strcmp(argv[i], "--data"))
      a.data = argv[++i];
    else if (has_value && !std::strcmp(argv[i], "--output"))
      a.output = argv[++i];
    else
      throw std::runtime_error(
          std::string("unknown argument ") + argv[i] +
          "; usage: climate [--config FILE] [--set KEY=VALUE] [--data DIR] [--output DIR]");
  }
  return a;
}

int terminal_width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// Joins neighbours until one is left. Each sum starts as soon as its two inputs are there.
template <auto Add, class T>
troupe::future<T> reduce(troupe::client& client, std::vector<troupe::future<T>> parts) {
  while (parts.size() > 1) {
    std::vector<troupe::future<T>> sums;
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2)
      sums.push_back(client.submit<Add>(parts[i], parts[i + 1]));
    if (parts.size() % 2) sums.push_back(parts.back());
    parts = std::move(sums);
  }
  return parts.at(0);
}

void winds(troupe::client& client, const arguments& paths) {
  const std::string file = paths.data + "/monthly_navy_winds.cdf";
  const auto contents = climate::open_monthly(file, "UWND");

  std::vector<troupe::future<field>> months;
  std::vector<std::vector<troupe::future<field>>> of_calendar_month(12);
  for (std::size_t step = 0; step < contents.months.size(); ++step) {
    months.push_back(client.submit<&climate::read_month>(file, "UWND", static_cast<int>(step)));
    of_calendar_month[static_cast<std::size_t>(contents.months[step].number - 1)].push_back(
        months.back());
  }
  std::vector<troupe::future<field>> climatology;
  for (const auto& years : of_calendar_month)
    climatology.push_back(client.submit<&climate::mean_of>(years));

  std::vector<troupe::future<double>> means;
  std::vector<troupe::future<climate::squares>> squares;
  for (std::size_t i = 0; i < months.size(); ++i) {
    const auto calendar = static_cast<std::size_t>(contents.months[i].number - 1);
    auto anomaly = client.submit<&climate::anomaly_of>(months[i], climatology[calendar]);
    means.push_back(client.submit<&climate::box_mean>(anomaly, contents.where, climate::nino4));
    squares.push_back(client.submit<&climate::square>(anomaly));
  }
  auto rms =
      client.submit<&climate::root_mean>(reduce<&climate::add_squares>(client, std::move(squares)));

  const auto series = client.gather(means);
  std::printf("\nZonal wind anomaly over Niño 4 (5°S-5°N, 160°E-150°W), m/s, monthly\n\n%s",
              climate::series_chart(contents.months, series, terminal_width()).c_str());
  std::printf("\nThe eight strongest months: westerly winds of El Niño\n%s",
              climate::strongest_table(contents.months, series, 8).c_str());

  const std::string picture = paths.output + "/climate_rms.png";
  const auto years = std::to_string(contents.months.front().year) + "-" +
                     std::to_string(contents.months.back().year);
  climate::draw_map(picture, "RMS anomaly of monthly zonal wind, " + years, "m/s", contents.where,
                    rms.get(), climate::nino4);
  std::printf("\nRMS anomaly map: %s\n", picture.c_str());
}

void relief(troupe::client& client, const arguments& paths) {
  constexpr int bands = 18;
  constexpr int pieces = 4;  // Of a band, each a task.
  const std::string file = paths.data + "/etopo5.cdf";
  const auto where = climate::open_relief(file, "ROSE");

  std::vector<troupe::future<climate::hypsometry>> by_band;
  for (int band = 0; band < bands; ++band) {
    std::vector<troupe::future<climate::hypsometry>> parts;
    for (int piece = 0; piece < pieces; ++piece) {
      const int part = band * pieces + piece;
      const int first = part * where.rows / (bands * pieces);
      const int last = (part + 1) * where.rows / (bands * pieces);
      parts.push_back(
          client.submit<&climate::measure_rows>(file, "ROSE", where, first, last - first));
    }
    by_band.push_back(reduce<&climate::add_heights>(client, std::move(parts)));
  }
  auto earth = reduce<&climate::add_heights>(client, by_band);
  std::printf("\nLand and sea by latitude\n\n%s",
              climate::relief_table(client.gather(by_band), earth.get(), terminal_width()).c_str());
}

}  // namespace

int main(int argc, char** argv) try {
  if (troupe::is_worker(argc, argv))
    return troupe::worker_main(argc, argv, climate::register_tasks);
  const auto config = troupe::config::from_arguments(argc, argv);
  const auto paths = parse(argc, argv);
  troupe::cluster cluster(config, climate::register_tasks);
  auto client = cluster.connect();
  std::cout << cluster << std::endl;
  winds(client, paths);
  relief(client, paths);
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "climate: %s\n", e.what());
  return 1;
}
