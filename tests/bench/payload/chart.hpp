// A bar chart as an SVG file, for the documents. No tool is needed to draw it, and none to see it.

#pragma once

#include <string>
#include <vector>

namespace holdfast::bench {

struct Bars {
  std::string name;
  std::vector<double> values;  ///< one for each group
};

struct Chart {
  std::string title;
  std::string unit;
  std::vector<std::string> groups;
  std::vector<Bars> rows;
  std::string highlighted;  ///< the row that is ours
};

/// The chart as text of an SVG file: one panel a group, one bar a row.
std::string svg(const Chart& chart);

}  // namespace holdfast::bench
