// What the ledger in a device's state directory tells of its line. The device may be running.

#pragma once

#include <string>

#include <holdfast/status.hpp>

#include "ledger/book.hpp"
#include "plan_ways.hpp"

namespace holdfast::cli {

struct MeasuredDevice {
  MeasuredLine line;
  Account all;      ///< since the state directory is in use
  double days = 0;  ///< that are over and whose date is known; the next two are about them
  double bytes_per_day = 0;
  double connections_per_day = 0;
};

/// @throws CommandError if there is no ledger, or nothing in it
MeasuredDevice read_measured(const std::string& state_dir);

/// The same from what was kept. Pure.
MeasuredDevice measure(const ledger::BookState& book);

}  // namespace holdfast::cli
