#include "attack/der_forge.hpp"

#include <stdexcept>
#include <utility>

namespace holdfast::test {
namespace {

constexpr std::uint8_t kObjectIdentifier = 0x06;
constexpr std::uint8_t kExtensionsTag = 0xA3;
// 1.2.3.4: an extension that no decoder knows.
constexpr std::string_view kUnknown = "\x2A\x03\x04";

struct Measured {
  std::size_t header = 0;
  std::size_t content = 0;
};

Measured measure(std::string_view bytes) {
  if (bytes.size() < 2) throw std::runtime_error("not DER: no header");
  Measured measured{2, static_cast<unsigned char>(bytes[1])};
  if (measured.content >= 0x80) {
    const std::size_t octets = measured.content & 0x7FU;
    measured = {2 + octets, 0};
    for (std::size_t i = 0; i < octets; ++i) {
      measured.content = measured.content << 8U | static_cast<unsigned char>(bytes.at(2 + i));
    }
  }
  if (bytes.size() < measured.header + measured.content) {
    throw std::runtime_error("not DER: longer than what is there");
  }
  return measured;
}

}  // namespace

std::string der(std::uint8_t tag, std::string_view content) {
  std::string bytes(1, static_cast<char>(tag));
  if (content.size() < 0x80) return (bytes += static_cast<char>(content.size())).append(content);
  std::string length;
  for (std::size_t rest = content.size(); rest > 0; rest >>= 8U) {
    length.insert(0, 1, static_cast<char>(rest));
  }
  bytes += static_cast<char>(0x80U | length.size());
  return (bytes += length).append(content);
}

std::vector<std::string> elements_of(std::string_view content) {
  std::vector<std::string> elements;
  while (!content.empty()) {
    const Measured measured = measure(content);
    elements.emplace_back(content.substr(0, measured.header + measured.content));
    content.remove_prefix(measured.header + measured.content);
  }
  return elements;
}

std::string content_of(std::string_view element) {
  const Measured measured = measure(element);
  return std::string(element.substr(measured.header, measured.content));
}

std::string joined(const std::vector<std::string>& elements) {
  std::string bytes;
  for (const std::string& element : elements) bytes += element;
  return bytes;
}

ForgedCertificate::ForgedCertificate(std::string_view genuine) {
  std::vector<std::string> parts = elements_of(content_of(genuine));
  fields_ = elements_of(content_of(parts.at(0)));
  parts.erase(parts.begin());
  behind_tbs_ = joined(parts);
}

void ForgedCertificate::insert_behind_spki(std::string element) {
  fields_.insert(fields_.begin() + kSpki + 1, std::move(element));
}

void ForgedCertificate::insert_before_spki(std::string element) {
  fields_.insert(fields_.begin() + kSpki, std::move(element));
}

void ForgedCertificate::add_extension(std::string_view value) {
  const std::string list = content_of(content_of(fields_.at(kExtensions)));
  const std::string extension =
      der(kDerSequence, der(kObjectIdentifier, kUnknown) + der(kDerOctetString, value));
  fields_[kExtensions] = der(kExtensionsTag, der(kDerSequence, list + extension));
}

std::string ForgedCertificate::bytes() const {
  return der(kDerSequence, der(kDerSequence, joined(fields_)) + behind_tbs_);
}

}  // namespace holdfast::test
