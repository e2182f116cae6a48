#include "observe/request.hpp"

#include <charconv>

#include <holdfast/limits.hpp>

namespace holdfast::observe {
namespace {

constexpr std::string_view kKnown = "status, events [NUMBER] and metrics";

std::optional<std::size_t> number_of(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Request> parse_request(std::string_view line, std::string& why) {
  const std::size_t gap = line.find(' ');
  const std::string_view word = line.substr(0, gap);
  const bool has_more = gap != std::string_view::npos;
  if (word == "status" && !has_more) return Request{Request::What::status, 0};
  if (word == "metrics" && !has_more) return Request{Request::What::metrics, 0};
  if (word == "events") {
    const auto count = has_more ? number_of(line.substr(gap + 1)) : limits::kStatusEvents;
    if (count && *count >= 1 && *count <= limits::kKeptEvents) {
      return Request{Request::What::events, *count};
    }
    why = "events takes a number from 1 to " + std::to_string(limits::kKeptEvents) + ", not \"" +
          std::string(has_more ? line.substr(gap + 1) : "") + "\"";
    return std::nullopt;
  }
  why = "\"" + std::string(line) + "\" is no request; there are " + std::string(kKnown);
  return std::nullopt;
}

}  // namespace holdfast::observe
