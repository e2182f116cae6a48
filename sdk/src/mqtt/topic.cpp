#include "mqtt/topic.hpp"

#include <cstdint>

#include <holdfast/limits.hpp>

namespace holdfast::mqtt_engine {
namespace {

// Takes the part before the next '/' off `rest`; `more` tells whether there was one.
std::string_view take_level(std::string_view& rest, bool& more) {
  const auto slash = rest.find('/');
  more = slash != std::string_view::npos;
  const std::string_view level = rest.substr(0, slash);
  rest = more ? rest.substr(slash + 1) : std::string_view();
  return level;
}

std::string why_not_name(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.size() > limits::kMaxTopicBytes) {
    return "it has " + std::to_string(name.size()) + " bytes; at most " +
           std::to_string(limits::kMaxTopicBytes) +
           " are taken, and every one is paid for with each "
           "message";
  }
  return why_not_utf8(name);
}

}  // namespace

std::string why_not_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto first = static_cast<std::uint8_t>(text[at]);
    if (first < 0x20 || first == 0x7F) {
      return "byte " + std::to_string(at + 1) + " is a control character";
    }
    std::size_t length = 1;
    std::uint32_t point = first;
    if (first >= 0xC2 && first <= 0xDF) {
      length = 2;
      point = first & 0x1FU;
    } else if (first >= 0xE0 && first <= 0xEF) {
      length = 3;
      point = first & 0x0FU;
    } else if (first >= 0xF0 && first <= 0xF4) {
      length = 4;
      point = first & 0x07U;
    } else if (first >= 0x80) {
      return "byte " + std::to_string(at + 1) + " is not UTF-8";
    }
    if (at + length > text.size()) return "its last character is cut off";
    for (std::size_t i = 1; i < length; ++i) {
      const auto next = static_cast<std::uint8_t>(text[at + i]);
      if ((next & 0xC0) != 0x80) return "byte " + std::to_string(at + i + 1) + " is not UTF-8";
      point = (point << 6) | (next & 0x3FU);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    const bool c1_control = point >= 0x80 && point <= 0x9F;
    if (overlong || surrogate || c1_control || point > 0x10FFFF) {
      return "byte " + std::to_string(at + 1) + " begins a character that MQTT forbids";
    }
    at += length;
  }
  return {};
}

std::string why_not_topic(std::string_view topic) {
  if (auto why = why_not_name(topic); !why.empty()) return why;
  if (topic.find_first_of("+#") != std::string_view::npos) {
    return "the wildcards + and # belong into filters, not into the topic of a message";
  }
  return {};
}

std::string why_not_filter(std::string_view filter) {
  if (auto why = why_not_name(filter); !why.empty()) return why;
  constexpr std::string_view kShare = "$share/";
  if (filter.starts_with(kShare)) {
    const std::string_view group = filter.substr(kShare.size());
    const auto slash = group.find('/');
    if (slash == 0 || slash == std::string_view::npos || slash + 1 == group.size() ||
        group.substr(0, slash).find_first_of("+#") != std::string_view::npos) {
      return "a shared subscription is written $share/GROUP/FILTER";
    }
    filter = group.substr(slash + 1);
  }
  bool more = true;
  while (more) {
    const std::string_view level = take_level(filter, more);
    if (level.find('#') != std::string_view::npos && (level != "#" || more)) {
      return "# must be the last level, and stand there alone";
    }
    if (level.find('+') != std::string_view::npos && level != "+") {
      return "+ must be a level of its own";
    }
  }
  return {};
}

bool matches(std::string_view filter, std::string_view topic) {
  constexpr std::string_view kShare = "$share/";
  if (filter.starts_with(kShare)) {
    filter.remove_prefix(kShare.size());
    filter.remove_prefix(filter.find('/') + 1);
  }
  if (topic.starts_with('$') && !filter.starts_with('$')) return false;
  bool more_filter = true;
  bool more_topic = true;
  while (true) {
    const std::string_view wanted = take_level(filter, more_filter);
    if (wanted == "#") return true;
    const std::string_view level = take_level(topic, more_topic);
    if (wanted != "+" && wanted != level) return false;
    if (!more_topic) {
      // "a/#" means "a" too (section 4.7.1.2).
      return !more_filter || filter == "#";
    }
    if (!more_filter) return false;
  }
}

}  // namespace holdfast::mqtt_engine
