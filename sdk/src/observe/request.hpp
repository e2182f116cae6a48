// What a client of the status socket may ask for: one line (docs/formats/status-socket.md). Pure.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::observe {

struct Request {
  enum class What { status, events, metrics };

  What what = What::status;
  std::size_t count = 0;  ///< of events, at most

  bool operator==(const Request&) const = default;
};

/// @param line without its end  @param why what is wrong with it, and what would be right
std::optional<Request> parse_request(std::string_view line, std::string& why);

}  // namespace holdfast::observe
