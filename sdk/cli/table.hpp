// Lines in aligned columns under a line of titles.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace holdfast::cli {

class Table {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
  };

  /// @param width columns that a line may have: the last cell is cut; 0: as many as it takes
  explicit Table(std::vector<Column> columns, std::size_t width = 0);

  /// Cells are printable; a column without any is left out.
  void add(std::vector<std::string> cells);

  /// The lines since the last call, which may be many or few: with the titles in front for the
  /// first time, and again where the columns had to become wider.
  std::string take_lines();

 private:
  std::string line(const std::vector<std::string>& cells) const;

  const std::vector<Column> columns_;
  const std::size_t width_;
  std::vector<std::size_t> widths_;  // 0: nothing was in it so far
  std::vector<std::vector<std::string>> lines_;
};

}  // namespace holdfast::cli
