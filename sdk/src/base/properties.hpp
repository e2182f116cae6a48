// What a message tells besides its payload with MQTT 5: content type, response topic and
// correlation data (section 3.3.2.3). They are encoded once, when a message is accepted, as they
// are on the wire: the outbox keeps these bytes, also on the disk, and the PUBLISH takes them. A
// message without any costs a pointer. Pure.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace holdfast {

class Properties {
 public:
  /// What is empty is not told. The views point into the properties.
  struct Values {
    std::string_view content_type;
    std::string_view response_topic;
    std::span<const std::byte> correlation_data;
  };

  Properties() = default;
  /// @param values each of at most 65,535 bytes
  explicit Properties(const Values& values);
  Properties(const Properties& other);
  Properties& operator=(const Properties& other);
  Properties(Properties&&) noexcept = default;
  Properties& operator=(Properties&&) noexcept = default;
  ~Properties() = default;

  /// Takes bytes that were kept. @return empty for what no properties encode to
  static std::optional<Properties> parse(std::span<const std::byte> bytes);

  bool empty() const { return bytes_ == nullptr; }
  std::size_t size() const { return bytes_ ? bytes_->size() : 0; }
  std::span<const std::byte> bytes() const {
    return bytes_ ? std::span<const std::byte>(*bytes_) : std::span<const std::byte>();
  }
  Values values() const;

 private:
  std::unique_ptr<const std::vector<std::byte>> bytes_;
};

}  // namespace holdfast
