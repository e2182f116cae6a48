// Topic names and topic filters (MQTT 5 section 4.7, the same in 3.1.1). Pure.

#pragma once

#include <string>
#include <string_view>

namespace holdfast::mqtt_engine {

/// Why MQTT forbids to publish on `topic`; empty if it may be used.
std::string why_not_topic(std::string_view topic);

/// Why MQTT forbids to subscribe to `filter`; empty if it may be used.
std::string why_not_filter(std::string_view filter);

/// Why `text` is not a UTF-8 string as MQTT wants it (section 1.5.4): valid UTF-8 without U+0000,
/// and without control characters, which a broker may refuse. Empty if it is one.
std::string why_not_utf8(std::string_view text);

/// Whether a message on `topic` is meant by `filter` (both valid). Topics that begin with $ are not
/// matched by a wildcard in first place (section 4.7.2). For $share/GROUP/FILTER the FILTER counts.
bool matches(std::string_view filter, std::string_view topic);

}  // namespace holdfast::mqtt_engine
