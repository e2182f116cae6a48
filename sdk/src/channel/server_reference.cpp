#include "channel/server_reference.hpp"

#include <algorithm>
#include <string>

#include <holdfast/error.hpp>

namespace holdfast::channel {
namespace {

constexpr std::string_view kScheme = "mqtts://";

bool names_port(std::string_view reference) {
  const auto colon = reference.rfind(':');
  if (colon == std::string_view::npos) return false;
  const auto bracket = reference.rfind(']');
  return bracket == std::string_view::npos || bracket < colon;
}

std::optional<BrokerUrl> parse_one(std::string_view reference, std::uint16_t otherwise) {
  if (reference.starts_with(kScheme)) reference.remove_prefix(kScheme.size());
  try {
    BrokerUrl url = parse_broker_url(std::string(kScheme) + std::string(reference));
    if (!names_port(reference)) url.port = otherwise;
    return url;
  } catch (const ConfigError&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<BrokerUrl> parse_server_reference(std::string_view text, std::uint16_t otherwise) {
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) {
      if (auto url = parse_one(text.substr(0, end), otherwise)) return url;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

}  // namespace holdfast::channel
