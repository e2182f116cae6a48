// What a client of the status socket may ask for: one line (docs/formats/status-socket.md). Pure.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::observe {

struct Request {
  enum class What { status, events, metrics, trace };

  What what = What::status;
  std::size_t count = 0;         ///< of events, at most
  std::uint16_t shown_port = 0;  ///< of a trace; 0: the usual one
  bool without_payload = false;  ///< of a trace

  bool operator==(const Request&) const = default;
};

/// @param line without its end  @param why what is wrong with it, and what would be right
std::optional<Request> parse_request(std::string_view line, std::string& why);

}  // namespace holdfast::observe
