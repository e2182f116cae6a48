#include "table.hpp"

#include <algorithm>
#include <utility>

#include "printable.hpp"

namespace holdfast::cli {
namespace {

constexpr std::size_t kGap = 2;
// A last cell that is cut shorter tells nothing.
constexpr std::size_t kLeastLast = 16;

}  // namespace

Table::Table(std::vector<Column> columns, std::size_t width)
    : columns_(std::move(columns)), width_(width), widths_(columns_.size(), 0) {}

void Table::add(std::vector<std::string> cells) {
  lines_.push_back(std::move(cells));
}

std::string Table::take_lines() {
  const auto before = widths_;
  for (const auto& cells : lines_) {
    for (std::size_t n = 0; n < columns_.size(); ++n) {
      if (cells[n].empty()) continue;
      widths_[n] = std::max({widths_[n], columns_of(cells[n]), columns_of(columns_[n].title)});
    }
  }
  widths_.back() = std::max(before.back(), std::min<std::size_t>(widths_.back(), 1));  // not padded
  std::string text;
  if (widths_ != before) {
    std::vector<std::string> titles;
    for (const Column& column : columns_) titles.push_back(column.title);
    text = line(titles);
  }
  for (const auto& cells : lines_) text += line(cells);
  lines_.clear();
  return text;
}

std::string Table::line(const std::vector<std::string>& cells) const {
  std::string text;
  std::size_t used = 0;
  for (std::size_t n = 0; n < columns_.size(); ++n) {
    if (widths_[n] == 0) continue;
    if (n + 1 == columns_.size()) {
      const std::size_t room = width_ > used ? width_ - used : 0;
      text += width_ == 0 ? cells[n] : cut(cells[n], std::max(room, kLeastLast));
      break;
    }
    const std::string padding(widths_[n] - std::min(widths_[n], columns_of(cells[n])), ' ');
    text += columns_[n].align == Align::right ? padding + cells[n] : cells[n] + padding;
    text += std::string(kGap, ' ');
    used += widths_[n] + kGap;
  }
  text.resize(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

}  // namespace holdfast::cli
