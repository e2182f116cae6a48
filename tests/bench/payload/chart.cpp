#include "bench/payload/chart.hpp"

#include <algorithm>
#include <cstdio>

namespace holdfast::bench {
namespace {

constexpr int kWidth = 820;
constexpr int kNames = 260;  // the column of the names
constexpr int kRow = 22;
constexpr int kBar = 15;
constexpr int kGap = 14;  // between the panels
constexpr int kHead = 52;

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '&') {
      safe += "&amp;";
    } else if (c == '<') {
      safe += "&lt;";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string text(int x, int y, const char* style, const std::string& content) {
  return "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" " + style + ">" +
         escaped(content) + "</text>\n";
}

std::string figure(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 100 ? "%.1f" : "%.0f", value);
  return text;
}

}  // namespace

std::string svg(const Chart& chart) {
  const int groups = static_cast<int>(chart.groups.size());
  const int panel = (kWidth - kNames) / std::max(groups, 1) - kGap;
  const int height = kHead + kRow * static_cast<int>(chart.rows.size()) + 12;
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " +
                    std::to_string(kWidth) + " " + std::to_string(height) +
                    "\" font-family=\"sans-serif\" font-size=\"12\">\n"
                    "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  out += text(10, 20, "font-size=\"14\" font-weight=\"bold\"", chart.title);
  out += text(10, 42, "fill=\"#555\"", chart.unit);
  for (int row = 0; row < static_cast<int>(chart.rows.size()); ++row) {
    const auto& bars = chart.rows[static_cast<std::size_t>(row)];
    const bool ours = bars.name == chart.highlighted;
    const int y = kHead + row * kRow;
    out +=
        text(kNames - 10, y + 12,
             ours ? "text-anchor=\"end\" font-weight=\"bold\"" : "text-anchor=\"end\"", bars.name);
  }
  for (int group = 0; group < groups; ++group) {
    const auto at = static_cast<std::size_t>(group);
    const int x = kNames + group * (panel + kGap);
    double most = 0;
    for (const Bars& bars : chart.rows) most = std::max(most, bars.values[at]);
    out += text(x, 42, "fill=\"#555\"", chart.groups[at]);
    for (int row = 0; row < static_cast<int>(chart.rows.size()); ++row) {
      const auto& bars = chart.rows[static_cast<std::size_t>(row)];
      const int y = kHead + row * kRow;
      const int room = panel - 34;  // for the figure
      const int length = std::max(1, static_cast<int>(bars.values[at] / most * room));
      out += "<rect x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" width=\"" +
             std::to_string(length) + "\" height=\"" + std::to_string(kBar) + "\" fill=\"" +
             (bars.name == chart.highlighted ? "#0b6e4f" : "#9fb3c8") + "\"/>\n";
      out += text(x + length + 4, y + 12, "", figure(bars.values[at]));
    }
  }
  return out + "</svg>\n";
}

}  // namespace holdfast::bench
