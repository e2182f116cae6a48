// Rows: a board's readings as aligned columns of text. Pure: readings in, text out.

#pragma once

#include <optional>
#include <string>

#include "reading.hpp"

namespace view {

class Rows {
 public:
  static std::string header();

  /// One line. Rates are those since the row before, and "-" stands for what a reading lacks.
  std::string row(const board::BoardReadingT& reading);

 private:
  struct Rates {
    double rx_bytes_per_s = 0;
    double tx_bytes_per_s = 0;
  };

  std::optional<Rates> rates(const board::BoardReadingT& reading);

  std::uint64_t last_uptime_ms_ = 0;
  std::optional<board::Traffic> last_traffic_;
};

}  // namespace view
