// Takes certificates apart and puts them together wrongly. Signatures do not survive it: to a pin
// they mean nothing.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::test {

/// One element of DER: tag, shortest length, content.
std::string der(std::uint8_t tag, std::string_view content);
/// The elements side by side in `content`, each with its header. Throws std::runtime_error when it
/// is not DER.
std::vector<std::string> elements_of(std::string_view content);
/// What is behind the header of the first element.
std::string content_of(std::string_view element);
std::string joined(const std::vector<std::string>& elements);

inline constexpr std::uint8_t kDerSequence = 0x30;
inline constexpr std::uint8_t kDerOctetString = 0x04;

/// A certificate of version 3, field by field.
class ForgedCertificate {
 public:
  explicit ForgedCertificate(std::string_view genuine);

  /// The fields of the TBSCertificate, each with its header.
  std::vector<std::string>& fields() { return fields_; }
  std::string& spki() { return fields_.at(kSpki); }
  /// Inserts an element behind the SubjectPublicKeyInfo.
  void insert_behind_spki(std::string element);
  void insert_before_spki(std::string element);
  /// Adds an extension that nobody knows, not critical, with this value.
  void add_extension(std::string_view value);

  std::string bytes() const;

 private:
  static constexpr std::size_t kSpki = 6;
  static constexpr std::size_t kExtensions = 7;

  std::vector<std::string> fields_;
  std::string behind_tbs_;  // the signature and its algorithm
};

}  // namespace holdfast::test
