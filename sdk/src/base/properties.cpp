#include "base/properties.hpp"

#include <cstdint>

namespace holdfast {
namespace {

// MQTT 5 section 2.2.2.2. In this order, each at most once, they are written.
constexpr std::byte kContentType{0x03};
constexpr std::byte kResponseTopic{0x08};
constexpr std::byte kCorrelationData{0x09};
constexpr std::size_t kHeadBytes = 3;  // identifier and length

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void append(std::vector<std::byte>& out, std::byte identifier, std::span<const std::byte> value) {
  if (value.empty()) return;
  out.push_back(identifier);
  out.push_back(static_cast<std::byte>((value.size() >> 8) & 0xFF));
  out.push_back(static_cast<std::byte>(value.size() & 0xFF));
  out.insert(out.end(), value.begin(), value.end());
}

// @return false for bytes that are none of ours
bool read(std::span<const std::byte> bytes, Properties::Values& values) {
  std::byte last{0};
  while (!bytes.empty()) {
    if (bytes.size() <= kHeadBytes) return false;
    const std::byte identifier = bytes[0];
    const std::size_t size =
        std::to_integer<std::size_t>(bytes[1]) << 8 | std::to_integer<std::size_t>(bytes[2]);
    if (identifier <= last || size == 0 || size > bytes.size() - kHeadBytes) return false;
    last = identifier;
    const auto value = bytes.subspan(kHeadBytes, size);
    if (identifier == kContentType) {
      values.content_type = text_of(value);
    } else if (identifier == kResponseTopic) {
      values.response_topic = text_of(value);
    } else if (identifier == kCorrelationData) {
      values.correlation_data = value;
    } else {
      return false;
    }
    bytes = bytes.subspan(kHeadBytes + size);
  }
  return true;
}

}  // namespace

Properties::Properties(const Values& values) {
  std::vector<std::byte> bytes;
  append(bytes, kContentType, bytes_of(values.content_type));
  append(bytes, kResponseTopic, bytes_of(values.response_topic));
  append(bytes, kCorrelationData, values.correlation_data);
  if (!bytes.empty()) bytes_ = std::make_unique<const std::vector<std::byte>>(std::move(bytes));
}

Properties::Properties(const Properties& other)
    : bytes_(other.bytes_ ? std::make_unique<const std::vector<std::byte>>(*other.bytes_)
                          : nullptr) {}

Properties& Properties::operator=(const Properties& other) {
  if (this != &other) *this = Properties(other);
  return *this;
}

std::optional<Properties> Properties::parse(std::span<const std::byte> bytes) {
  Values values;
  if (!read(bytes, values)) return std::nullopt;
  return Properties(values);
}

Properties::Values Properties::values() const {
  Values values;
  read(bytes(), values);
  return values;
}

}  // namespace holdfast
