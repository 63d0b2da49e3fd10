#include "map.hpp"

#include <algorithm>
#include <array>
#include <cairo.h>
#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>

namespace climate {

namespace {

constexpr double left = 70;
constexpr double top = 60;
constexpr double map_width = 864;
constexpr double map_height = 432;
constexpr double bar_left = left + map_width + 30;
constexpr double bar_width = 22;
constexpr int image_width = 1080;
constexpr int image_height = 570;

struct colour {
  double r, g, b;
};

/// From dark to light with even steps in lightness, so that it reads in print and to the
/// colour-blind: black, purple, red, orange, pale yellow.
colour shade(double part) {
  static constexpr std::array<colour, 5> stops{{{0.00, 0.00, 0.02},
                                                {0.34, 0.06, 0.43},
                                                {0.73, 0.21, 0.33},
                                                {0.98, 0.56, 0.04},
                                                {0.99, 1.00, 0.64}}};
  const double at = std::clamp(part, 0.0, 1.0) * (stops.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(at), stops.size() - 2);
  const double f = at - static_cast<double>(low);
  const auto mix = [f](double a, double b) { return a + f * (b - a); };
  return {mix(stops[low].r, stops[low + 1].r), mix(stops[low].g, stops[low + 1].g),
          mix(stops[low].b, stops[low + 1].b)};
}

class picture {
public:
  picture()
      : surface_(cairo_image_surface_create(CAIRO_FORMAT_RGB24, image_width, image_height),
                 cairo_surface_destroy),
        to_(cairo_create(surface_.get()), cairo_destroy) {
    cairo_set_source_rgb(to_.get(), 1, 1, 1);
    cairo_paint(to_.get());
    cairo_select_font_face(to_.get(), "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           CAIRO_FONT_WEIGHT_NORMAL);
  }

  void fill(double x, double y, double w, double h, colour c) {
    cairo_set_source_rgb(to_.get(), c.r, c.g, c.b);
    cairo_rectangle(to_.get(), x, y, w, h);
    cairo_fill(to_.get());
  }

  void frame(double x, double y, double w, double h, colour c, double thick) {
    cairo_set_source_rgb(to_.get(), c.r, c.g, c.b);
    cairo_set_line_width(to_.get(), thick);
    cairo_rectangle(to_.get(), x, y, w, h);
    cairo_stroke(to_.get());
  }

  /// `align`: 0 starts at x, 0.5 is centred on it, 1 ends there; y is the middle of the text.
  void text(double x, double y, const std::string& words, double size, double align) {
    cairo_text_extents_t e;
    cairo_set_font_size(to_.get(), size);
    cairo_text_extents(to_.get(), words.c_str(), &e);
    cairo_set_source_rgb(to_.get(), 0, 0, 0);
    cairo_move_to(to_.get(), x - e.x_advance * align, y + size * 0.36);
    cairo_show_text(to_.get(), words.c_str());
  }

  /// Crisp cells: no smoothing between neighbours.
  void smooth(bool on) {
    cairo_set_antialias(to_.get(), on ? CAIRO_ANTIALIAS_DEFAULT : CAIRO_ANTIALIAS_NONE);
  }

  void write(const std::string& file) {
    const auto status = cairo_surface_write_to_png(surface_.get(), file.c_str());
    if (status != CAIRO_STATUS_SUCCESS)
      throw std::runtime_error(file + ": cannot write it: " + cairo_status_to_string(status));
  }

private:
  std::unique_ptr<cairo_surface_t, void (*)(cairo_surface_t*)> surface_;
  std::unique_ptr<cairo_t, void (*)(cairo_t*)> to_;
};

std::string degrees(double value, const char* positive, const char* negative) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0f°%s", std::abs(value),
                value > 0   ? positive
                : value < 0 ? negative
                            : "");
  return text;
}

/// Longitudes beyond 180°E are told as degrees west.
std::string longitude_label(double east) {
  const double around = std::fmod(east, 360);
  if (around == 180) return "180°";
  return around > 180 ? degrees(around - 360, "E", "W") : degrees(around, "E", "W");
}

void draw_axes(picture& to, const grid& where, double cell_width, double cell_height) {
  const auto x_of = [&](double east) {
    return left + ((east - where.west) / where.step + 0.5) * cell_width;
  };
  const auto y_of = [&](double north) {
    return top + map_height - ((north - where.south) / where.step + 0.5) * cell_height;
  };
  const double east = where.west + (where.columns - 1) * where.step;
  for (double at = std::ceil(where.west / 40) * 40; at <= east; at += 40) {
    to.fill(x_of(at) - 0.5, top + map_height, 1, 6, {0, 0, 0});
    to.text(x_of(at), top + map_height + 16, longitude_label(at), 12, 0.5);
  }
  const double north = where.south + (where.rows - 1) * where.step;
  for (double at = std::ceil(where.south / 30) * 30; at <= north; at += 30) {
    to.fill(left - 6, y_of(at) - 0.5, 6, 1, {0, 0, 0});
    to.text(left - 10, y_of(at), degrees(at, "N", "S"), 12, 1);
  }
}

void draw_bar(picture& to, double most, const std::string& unit) {
  to.smooth(false);
  for (int y = 0; y < map_height; ++y)
    to.fill(bar_left, top + map_height - 1 - y, bar_width, 1, shade(y / map_height));
  to.smooth(true);
  to.frame(bar_left, top, bar_width, map_height, {0, 0, 0}, 1);
  for (double at = 0; at <= most; at += most > 3 ? 1 : most / 4) {
    const double y = top + map_height * (1 - at / most);
    char label[32];
    std::snprintf(label, sizeof label, "%.1f", at);
    to.fill(bar_left + bar_width, y - 0.5, 5, 1, {0, 0, 0});
    to.text(bar_left + bar_width + 9, y, label, 12, 0);
  }
  to.text(bar_left + bar_width / 2, top - 14, unit, 12, 0.5);
}

}  // namespace

void draw_map(const std::string& file, const std::string& title, const std::string& unit,
              const grid& where, const field& values, const box& outline) {
  picture to;
  const double cell_width = map_width / where.columns;
  const double cell_height = map_height / where.rows;
  double most = 1e-9;
  for (float v : values)
    if (!std::isnan(v)) most = std::max<double>(most, v);

  to.smooth(false);
  for (int row = 0; row < where.rows; ++row)
    for (int column = 0; column < where.columns; ++column) {
      const float v = values[static_cast<std::size_t>(row * where.columns + column)];
      const auto c = std::isnan(v) ? colour{0.8, 0.8, 0.8} : shade(v / most);
      // A cell more than its share wide and high: neighbours paint over it, and no gap is left.
      to.fill(left + column * cell_width, top + (where.rows - 1 - row) * cell_height,
              cell_width + 1, cell_height + 1, c);
    }
  to.fill(left + map_width, top, 2, map_height + 2, {1, 1, 1});
  to.fill(left, top + map_height, map_width + 2, 2, {1, 1, 1});
  to.smooth(true);
  to.frame(left, top, map_width, map_height, {0, 0, 0}, 1);
  to.frame(left + (outline.west - where.west) / where.step * cell_width,
           top + map_height - ((outline.north - where.south) / where.step + 1) * cell_height,
           ((outline.east - outline.west) / where.step + 1) * cell_width,
           ((outline.north - outline.south) / where.step + 1) * cell_height, {1, 1, 1}, 2);
  draw_axes(to, where, cell_width, cell_height);
  draw_bar(to, most, unit);
  to.text(left, top - 30, title, 17, 0);
  to.write(file);
}

}  // namespace climate
