#include <algorithm>

#include "payload/series_body.hpp"

namespace holdfast::payload {
namespace {

// Rows of several bodies, one after the other.
class Table {
 public:
  explicit Table(std::size_t columns) : columns_(columns) {}

  std::size_t rows() const { return rows_; }

  void append(const DecodedColumns& from) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const auto values = from.column(i);
      columns_[i].values.insert(columns_[i].values.end(), values.begin(), values.end());
      append_presence(columns_[i].present, from.presence(i), from.rows);
    }
    rows_ += from.rows;
  }

  std::vector<ColumnView> views(std::size_t rows) const {
    std::vector<ColumnView> views;
    for (const Column& column : columns_) {
      const auto present = std::span(column.present);
      views.push_back(
          {std::span(column.values).first(rows), present.empty() ? present : present.first(rows)});
    }
    return views;
  }

 private:
  struct Column {
    std::vector<std::int64_t> values;
    std::vector<std::uint8_t> present;  // empty: in all rows
  };

  void append_presence(std::vector<std::uint8_t>& to, std::span<const std::uint8_t> from,
                       std::size_t rows) const {
    if (from.empty() && to.empty()) return;
    to.resize(rows_, 1);
    if (from.empty()) {
      to.resize(rows_ + rows, 1);
    } else {
      to.insert(to.end(), from.begin(), from.end());
    }
  }

  std::vector<Column> columns_;
  std::size_t rows_ = 0;
};

class Merge {
 public:
  using Bodies = std::span<const std::span<const std::byte>>;

  Merge(Bodies bodies, std::size_t max_bytes, std::size_t max_rows)
      : bodies_(bodies),
        max_bytes_(max_bytes),
        max_rows_(std::min(max_rows, limits::kMaxSeriesRows)) {}

  Merged run() {
    if (!begin()) return alone();
    // In steps that double, so that a thousand bodies are not read where thirty fit. A longer
    // prefix is never smaller, so the border is found by halving.
    std::size_t fits = 1;
    std::size_t reach = 2;
    bool more = true;
    while (more) {
      more = read_up_to(reach);
      const std::size_t there = ends_.size();
      if (there == fits) break;
      if (bytes_of(there) > max_bytes_) {
        fits = border(fits, there);
        break;
      }
      fits = there;
      reach *= 2;
    }
    if (fits == 1) return alone();
    const std::size_t rows = ends_[fits - 1];
    return {write_series(frame_, rows, table_->views(rows)), fits};
  }

 private:
  Merged alone() const { return {{bodies_[0].begin(), bodies_[0].end()}, 1}; }

  // False where the first body cannot be merged with anything.
  bool begin() {
    OpenSeries first;
    if (open_series(bodies_[0], first) || first.frame.origin.sequence != 0) return false;
    frame_ = {.layout = first.frame.layout, .boot = first.frame.boot};
    table_.emplace(channels_of_layout(frame_.layout) + 1);
    return take(bodies_[0]);
  }

  bool take(std::span<const std::byte> body) {
    if (open_series(body, series_)) return false;
    const SeriesFrame& frame = series_.frame;
    if (frame.origin.sequence != 0 || frame.layout != frame_.layout || frame.boot != frame_.boot ||
        !decode_columns(series_.columns, frame.layout, columns_) || !columns_.is_known() ||
        table_->rows() + columns_.rows > std::max(max_rows_, std::size_t{1}))
      return false;
    table_->append(columns_);
    ends_.push_back(table_->rows());
    return true;
  }

  // Reads until so many bodies are in the table. False where that was the last one.
  bool read_up_to(std::size_t count) {
    while (ends_.size() < count) {
      if (ends_.size() == bodies_.size() || !take(bodies_[ends_.size()])) return false;
    }
    return true;
  }

  std::size_t bytes_of(std::size_t count) {
    const std::size_t rows = ends_[count - 1];
    const auto views = table_->views(rows);
    return series_bytes(frame_, encoder_.plan(rows, views));
  }

  // The largest count that fits, which `fits` does and `beyond` does not.
  std::size_t border(std::size_t fits, std::size_t beyond) {
    while (beyond - fits > 1) {
      const std::size_t middle = fits + (beyond - fits) / 2;
      (bytes_of(middle) <= max_bytes_ ? fits : beyond) = middle;
    }
    return fits;
  }

  Bodies bodies_;
  std::size_t max_bytes_;
  std::size_t max_rows_;
  SeriesFrame frame_;
  std::optional<Table> table_;
  std::vector<std::size_t> ends_;  // of each body that was read: the rows with it
  OpenSeries series_;
  DecodedColumns columns_;
  ColumnEncoder encoder_;
};

}  // namespace

Merged merge_series(std::span<const std::span<const std::byte>> bodies, std::size_t max_bytes,
                    std::size_t max_rows) {
  return Merge(bodies, max_bytes, max_rows).run();
}

}  // namespace holdfast::payload
