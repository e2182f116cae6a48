#include "drawing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdarg>
#include <cstdio>

#include "printable.hpp"

namespace fleet {
namespace {

constexpr double kMapWidth = 900;
constexpr double kMapHeight = 420;
constexpr double kMargin = 28;  // for names and numbers
constexpr double kPlotWidth = 340;
constexpr double kPlotHeight = 70;
constexpr double kPlotMargin = 14;
constexpr double kMetersPerDegree = 111'320;
// A fleet that stands still is shown with some street around it, not with the noise of its
// receivers.
constexpr double kLeastMeters = 200;
constexpr std::size_t kNameBytes = 40;

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
  std::array<char, 512> text{};
  std::va_list values;
  va_start(values, pattern);
  std::vsnprintf(text.data(), text.size(), pattern, values);
  va_end(values);
  return text.data();
}

// North and south of the equator are equally wide here: a map of a few hundred kilometres.
class Projection {
 public:
  explicit Projection(const std::vector<Track>& tracks) {
    double south = 90;
    double north = -90;
    double west = 180;
    double east = -180;
    for (const Track& track : tracks) {
      for (const Position& at : track.positions) {
        south = std::min(south, at.lat);
        north = std::max(north, at.lat);
        west = std::min(west, at.lon);
        east = std::max(east, at.lon);
      }
    }
    lat_ = (south + north) / 2;
    lon_ = (west + east) / 2;
    // At a pole a degree of longitude is nothing, which no map can show.
    narrowing_ = std::max(0.01, std::cos(lat_ * 3.14159265358979 / 180));
    const double high = std::max((north - south) * kMetersPerDegree, kLeastMeters);
    const double wide = std::max((east - west) * narrowing_ * kMetersPerDegree, kLeastMeters);
    meters_per_pixel_ =
        std::max(wide / (kMapWidth - 2 * kMargin), high / (kMapHeight - 2 * kMargin));
  }

  double x(const Position& at) const {
    return kMapWidth / 2 + (at.lon - lon_) * narrowing_ * kMetersPerDegree / meters_per_pixel_;
  }
  double y(const Position& at) const {
    return kMapHeight / 2 - (at.lat - lat_) * kMetersPerDegree / meters_per_pixel_;
  }
  double meters_per_pixel() const { return meters_per_pixel_; }
  double lat() const { return lat_; }
  double lon() const { return lon_; }

 private:
  double lat_ = 0;
  double lon_ = 0;
  double narrowing_ = 1;
  double meters_per_pixel_ = 1;
};

// 1, 2 or 5 times a power of ten, as wide as a fifth of the map at most.
std::string scale_bar(double meters_per_pixel) {
  const double most = kMapWidth / 5 * meters_per_pixel;
  double meters = std::pow(10.0, std::floor(std::log10(most)));
  if (meters * 5 <= most) {
    meters *= 5;
  } else if (meters * 2 <= most) {
    meters *= 2;
  }
  const double width = meters / meters_per_pixel;
  const std::string text =
      meters >= 1'000 ? format("%.0f km", meters / 1'000) : format("%.0f m", meters);
  return format("<path class=\"grid\" d=\"M12 %.0fv6h%.1fv-6\"/><text x=\"16\" y=\"%.0f\">",
                kMapHeight - 16, width, kMapHeight - 18) +
         text + "</text>";
}

std::string draw_track(const Track& track, const Projection& to) {
  std::string text = format("<g class=\"c%zu\"><polyline class=\"track\" points=\"", track.colour);
  for (const Position& at : track.positions) text += format("%.1f,%.1f ", to.x(at), to.y(at));
  const Position& last = track.positions.back();
  text += format("\"/><circle class=\"place\" r=\"6\" cx=\"%.1f\" cy=\"%.1f\"/>", to.x(last),
                 to.y(last));
  // A name at the right edge would leave the map.
  const bool left = to.x(last) > kMapWidth * 0.75;
  text += format("<text class=\"name\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">",
                 to.x(last) + (left ? -16 : 16), to.y(last) + 5, left ? "end" : "start");
  return text + escaped(track.name, kNameBytes) + "</text></g>";
}

}  // namespace

std::string draw_map(const std::vector<Track>& tracks) {
  const Projection projection(tracks);
  std::string text = format(
      "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"Where the devices are\">"
      "<path class=\"grid\" d=\"M0 %.0fh%.0fM%.0f 0v%.0f\"/>"
      "<text x=\"%.0f\" y=\"20\">%.4f°, %.4f°</text>",
      kMapWidth, kMapHeight, kMapHeight / 2, kMapWidth, kMapWidth / 2, kMapHeight,
      kMapWidth / 2 + 4, projection.lat(), projection.lon());
  for (const Track& track : tracks) text += draw_track(track, projection);
  return text + scale_bar(projection.meters_per_pixel()) + "</svg>";
}

std::string draw_plot(const std::vector<Point>& points) {
  if (points.empty()) return "";
  const auto by_number = [](const Point& a, const Point& b) { return a.number < b.number; };
  const auto [least, most] = std::minmax_element(points.begin(), points.end(), by_number);
  // Halves, because the difference of two large numbers may be infinite.
  const double low = least->number / 2;
  const double range = most->number / 2 - low;
  const auto first = static_cast<double>(points.back().time_ms);
  const double span = static_cast<double>(points.front().time_ms) - first;
  std::string text = format(
      "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\"><path class=\"grid\" d=\"M0 %.0fh%.0f\"/>"
      "<polyline class=\"track\" points=\"",
      kPlotWidth, kPlotHeight, kPlotHeight - 1, kPlotWidth);
  const auto add = [&](double across, double number) {
    // What never changes is a line through the middle.
    const double share = range > 0 ? (number / 2 - low) / range : 0.5;
    text += format("%.1f,%.1f ", across * kPlotWidth,
                   kPlotMargin + (1 - share) * (kPlotHeight - 2 * kPlotMargin));
  };
  const double count = std::max(1.0, static_cast<double>(points.size()) - 1);
  for (std::size_t n = points.size(); n-- > 0;) {
    // Readings without a date that came together have one time: they stand in their order.
    const double place = static_cast<double>(points.size() - 1 - n) / count;
    const double since = static_cast<double>(points[n].time_ms) - first;
    add(span > 0 ? since / span : place, points[n].number);
  }
  if (points.size() == 1) add(1, points[0].number);
  return text +
         format(
             "\"/><text x=\"2\" y=\"10\">%.6g</text><text x=\"2\" y=\"%.0f\">%.6g</text>"
             "<text class=\"name\" x=\"%.0f\" y=\"11\" text-anchor=\"end\">%.6g</text></svg>",
             most->number, kPlotHeight - 4, least->number, kPlotWidth - 2, points.front().number);
}

}  // namespace fleet
