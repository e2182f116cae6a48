// MQTT packets as text for tests of traces.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::test {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

inline std::string counted(std::string_view text) {
  std::string out{static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 255)};
  return out.append(text);
}

inline std::string number(std::size_t value) {
  std::string out;
  do {
    const auto low = static_cast<unsigned char>(value & 127);
    value >>= 7;
    out.push_back(static_cast<char>(value > 0 ? low | 128 : low));
  } while (value > 0);
  return out;
}

inline std::string packet(unsigned first, const std::string& body) {
  return std::string(1, static_cast<char>(first)) + number(body.size()) + body;
}

/// A section of properties.
inline std::string properties(const std::string& content = {}) {
  return number(content.size()) + content;
}

struct ConnectText {
  char level = 5;
  std::string properties{};
  bool will = false;
  std::string will_payload = "gone-for-good";
  std::string user = "the-user";
  std::string password = "hunter2!";

  std::string text() const {
    const auto flags = static_cast<char>((will ? 0x04 : 0) | 0x40 | 0x80);
    std::string body = counted("MQTT") + level + flags + std::string("\0\x3C", 2);
    if (level == 5) body += test::properties(properties);
    body += counted("truck-17");
    if (will) {
      if (level == 5) body += test::properties();
      body += counted("truck/17/will") + counted(will_payload);
    }
    return packet(0x10, body + counted(user) + counted(password));
  }
};

inline std::string publish_text(const std::string& topic, const std::string& payload,
                                bool v5 = true) {
  return packet(0x32,
                counted(topic) + std::string("\0\x07", 2) + (v5 ? properties() : "") + payload);
}

}  // namespace holdfast::test
