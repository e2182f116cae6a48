// A filter and a topic, separated by a line feed: the matcher against one that is slow and plain.

#include <string>
#include <vector>

#include "fuzz.hpp"
#include "mqtt/topic.hpp"

namespace {

using Levels = std::vector<std::string_view>;

Levels levels_of(std::string_view text) {
  Levels levels;
  std::size_t begin = 0;
  while (true) {
    const auto slash = text.find('/', begin);
    levels.push_back(text.substr(begin, slash - begin));
    if (slash == std::string_view::npos) return levels;
    begin = slash + 1;
  }
}

// MQTT 5 section 4.7, word by word.
bool plain_match(std::string_view filter, std::string_view topic) {
  if (filter.substr(0, 7) == "$share/") {
    filter.remove_prefix(7);
    filter.remove_prefix(filter.find('/') + 1);
  }
  const Levels wanted = levels_of(filter);
  const Levels given = levels_of(topic);
  if (topic[0] == '$' && (wanted[0] == "#" || wanted[0] == "+")) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "#") return i <= given.size();
    if (i >= given.size()) return false;
    if (wanted[i] != "+" && wanted[i] != given[i]) return false;
  }
  return wanted.size() == given.size();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  const std::string_view text = fuzz::text_of(data, size);
  const auto line = text.find('\n');
  const std::string_view filter = text.substr(0, line);
  const std::string_view topic = line == std::string_view::npos ? "" : text.substr(line + 1);
  const bool is_filter = mqtt_engine::why_not_filter(filter).empty();
  const bool is_topic = mqtt_engine::why_not_topic(topic).empty();
  if (is_topic) {
    fuzz::require(mqtt_engine::why_not_utf8(topic).empty(), "a topic is UTF-8");
    fuzz::require(topic.find_first_of("+#") == std::string_view::npos, "a topic has no wildcard");
    if (topic.substr(0, 7) != "$share/") {
      fuzz::require(mqtt_engine::why_not_filter(topic).empty(), "a topic is a filter, too");
      fuzz::require(mqtt_engine::matches(topic, topic), "a topic matches itself");
    }
  }
  if (is_filter && is_topic) {
    fuzz::require(mqtt_engine::matches(filter, topic) == plain_match(filter, topic),
                  "the matcher does what section 4.7 says");
  }
  return 0;
}
