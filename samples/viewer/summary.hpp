// Summary: the result of a run in one line. Scripts read it, so its form is fixed.

#pragma once

#include <cstdint>
#include <string>

namespace view {

struct Summary {
  std::uint64_t delivered = 0;   ///< distinct readings that the viewer decoded
  std::uint64_t lost = 0;        ///< readings that the board pushed and the viewer did not see
  std::uint64_t handshakes = 0;  ///< from the board's ledger
  std::uint64_t ip_bytes = 0;    ///< from the board's ledger
};

/// 0 as long as nothing was delivered.
double bytes_per_reading(const Summary& summary);

/// "demo: 42 readings delivered, 0 lost, 1 handshake, 6120 bytes on the wire, 145.7 bytes per
/// reading"
std::string to_line(const Summary& summary);

/// What the line at the bottom of a terminal says while the run goes on; it fits into 80 columns.
std::string to_status_line(const std::string& state, const Summary& summary);

}  // namespace view
