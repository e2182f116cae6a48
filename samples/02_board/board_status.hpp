// BoardStatus: what the board tells about itself with --status-json, one line of JSON each time.
// The object is flat and its only text is the name of a state, so both ends are a few lines of
// code.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace board {

struct BoardStatus {
  std::string state = "idle";    ///< as holdfast::to_string(State) writes it
  std::uint64_t pushed = 0;      ///< readings that the device accepted
  std::uint64_t delivered = 0;   ///< of these, acknowledged by the broker
  std::uint64_t waiting = 0;     ///< of these, neither acknowledged nor given up
  std::uint64_t ip_bytes = 0;    ///< what the carrier counts, both ways, since the start
  std::uint64_t handshakes = 0;  ///< full TLS handshakes since the start
  bool is_final = false;         ///< the last line of the run

  friend bool operator==(const BoardStatus&, const BoardStatus&) = default;
};

/// One line, without its end.
std::string to_json(const BoardStatus& status);

/// Reads what `to_json` writes. @return nothing for any other line, one that was cut included.
std::optional<BoardStatus> parse_status(std::string_view line);

}  // namespace board
