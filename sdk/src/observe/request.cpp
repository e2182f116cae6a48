#include "observe/request.hpp"

#include <charconv>

#include <holdfast/limits.hpp>

namespace holdfast::observe {
namespace {

constexpr std::string_view kKnown =
    "status, events [NUMBER], metrics and trace [port NUMBER] [no-payload]";

std::optional<std::size_t> number_of(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The words behind "trace", each with its gap in front.
std::optional<Request> parse_trace(std::string_view words, std::string& why) {
  constexpr std::string_view kPort = " port ";
  constexpr std::string_view kNoPayload = " no-payload";
  constexpr std::size_t kMostPort = 65'535;
  Request request{.what = Request::What::trace};
  if (words.starts_with(kPort)) {
    words.remove_prefix(kPort.size());
    const std::string_view text = words.substr(0, words.find(' '));
    const auto port = number_of(text);
    if (!port || *port < 1 || *port > kMostPort) {
      why = "a trace takes a port from 1 to 65535, not \"" + std::string(text) + "\"";
      return std::nullopt;
    }
    request.shown_port = static_cast<std::uint16_t>(*port);
    words.remove_prefix(text.size());
  }
  if (words == kNoPayload) {
    request.without_payload = true;
    words = {};
  }
  if (words.empty()) return request;
  why = "trace takes [port NUMBER] [no-payload], not \"" + std::string(words.substr(1)) + "\"";
  return std::nullopt;
}

}  // namespace

std::optional<Request> parse_request(std::string_view line, std::string& why) {
  const std::size_t gap = line.find(' ');
  const std::string_view word = line.substr(0, gap);
  const bool has_more = gap != std::string_view::npos;
  if (word == "status" && !has_more) return Request{.what = Request::What::status};
  if (word == "metrics" && !has_more) return Request{.what = Request::What::metrics};
  if (word == "trace") return parse_trace(line.substr(word.size()), why);
  if (word == "events") {
    const auto count = has_more ? number_of(line.substr(gap + 1)) : limits::kStatusEvents;
    if (count && *count >= 1 && *count <= limits::kKeptEvents) {
      return Request{.what = Request::What::events, .count = *count};
    }
    why = "events takes a number from 1 to " + std::to_string(limits::kKeptEvents) + ", not \"" +
          std::string(has_more ? line.substr(gap + 1) : "") + "\"";
    return std::nullopt;
  }
  why = "\"" + std::string(line) + "\" is no request; there are " + std::string(kKnown);
  return std::nullopt;
}

}  // namespace holdfast::observe
