#include "channel/certificate.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "pinning/der.hpp"
#include "pinning/spki.hpp"

namespace holdfast::channel {
namespace {

namespace der = pinning::der;
using Bytes = Certificate::Bytes;

constexpr std::uint8_t kVersion = 0xA0;          // [0] EXPLICIT
constexpr std::uint8_t kIssuerUniqueId = 0x81;   // [1] IMPLICIT
constexpr std::uint8_t kSubjectUniqueId = 0x82;  // [2] IMPLICIT
constexpr std::uint8_t kExtensions = 0xA3;       // [3] EXPLICIT
constexpr std::uint8_t kUtcTime = 0x17;
constexpr std::uint8_t kGeneralizedTime = 0x18;
constexpr std::uint8_t kDnsName = 0x82;    // GeneralName [2] IMPLICIT
constexpr std::uint8_t kIpAddress = 0x87;  // GeneralName [7] IMPLICIT

// The extensions of RFC 5280 that are read here: id-ce (2.5.29) and this last number.
constexpr std::array<std::uint8_t, 2> kIdCe{0x55, 0x1D};
enum Extension : std::uint8_t {
  key_usage = 15,
  subject_alt_name = 17,
  basic_constraints = 19,
  name_constraints = 30,
};
constexpr std::array<std::uint8_t, 3> kCommonName{0x55, 0x04, 0x03};

std::optional<int> number(Bytes digits) {
  int value = 0;
  for (const std::uint8_t digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = 10 * value + (digit - '0');
  }
  return value;
}

// RFC 5280 section 4.1.2.5: UTCTime up to 2049, GeneralizedTime from then on, both with seconds and
// in Z.
std::optional<std::int64_t> parse_time(const der::Element& element) {
  Bytes text = element.content;
  int year = 0;
  if (element.tag == kUtcTime && text.size() == 13) {
    const auto two = number(text.first(2));
    if (!two) return std::nullopt;
    year = *two < 50 ? 2000 + *two : 1900 + *two;
    text = text.subspan(2);
  } else if (element.tag == kGeneralizedTime && text.size() == 15) {
    const auto four = number(text.first(4));
    if (!four) return std::nullopt;
    year = *four;
    text = text.subspan(4);
  } else {
    return std::nullopt;
  }
  if (text[10] != 'Z') return std::nullopt;
  std::array<int, 5> part{};  // month, day, hour, minute, second
  for (std::size_t i = 0; i < part.size(); ++i) {
    const auto two = number(text.subspan(2 * i, 2));
    if (!two) return std::nullopt;
    part[i] = *two;
  }
  const std::chrono::year_month_day day{std::chrono::year(year),
                                        std::chrono::month(static_cast<unsigned>(part[0])),
                                        std::chrono::day(static_cast<unsigned>(part[1]))};
  if (!day.ok() || part[2] > 23 || part[3] > 59 || part[4] > 59) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  return ((days * 24 + part[2]) * 60 + part[3]) * 60 + part[4];
}

bool parse_validity(Bytes input, Certificate& certificate) {
  const auto from = der::take(input);
  const auto to = der::take(input);
  if (!from || !to || !input.empty()) return false;
  const auto not_before = parse_time(*from);
  const auto not_after = parse_time(*to);
  if (!not_before || !not_after) return false;
  certificate.not_before = *not_before;
  certificate.not_after = *not_after;
  return true;
}

bool parse_basic_constraints(Bytes value, Certificate& certificate) {
  const auto sequence = der::take(value, der::kSequence);
  if (!sequence || !value.empty()) return false;
  Bytes fields = sequence->content;
  if (const auto ca = der::take(fields, der::kBoolean)) {
    if (ca->content.size() != 1) return false;
    certificate.is_authority = ca->content[0] != 0;
  }
  if (const auto length = der::take(fields, der::kInteger)) {
    if (length->content.empty() || length->content.size() > 4 || length->content[0] >= 0x80) {
      return false;
    }
    std::uint32_t value_of_it = 0;
    for (const std::uint8_t byte : length->content) value_of_it = (value_of_it << 8) | byte;
    certificate.path_length = value_of_it;
  }
  return fields.empty();
}

bool parse_key_usage(Bytes value, Certificate& certificate) {
  const auto bits = der::take(value, der::kBitString);
  if (!bits || !value.empty() || bits->content.empty()) return false;
  constexpr std::uint8_t kKeyCertSign = 0x04;  // bit 5, the first bit being the highest
  certificate.may_certify = bits->content.size() >= 2 && (bits->content[1] & kKeyCertSign) != 0;
  return true;
}

bool parse_alt_names(Bytes value, Certificate& certificate) {
  const auto sequence = der::take(value, der::kSequence);
  if (!sequence || !value.empty()) return false;
  certificate.has_alt_names = true;
  Bytes names = sequence->content;
  while (!names.empty()) {
    const auto name = der::take(names);
    if (!name) return false;
    if (name->tag == kDnsName) {
      certificate.dns_names.emplace_back(name->content.begin(), name->content.end());
    } else if (name->tag == kIpAddress) {
      if (name->content.size() != 4 && name->content.size() != 16) return false;
      certificate.addresses.push_back(name->content);
    }
  }
  return true;
}

bool parse_extension(std::uint8_t which, Bytes value, Certificate& certificate) {
  switch (which) {
    case key_usage:
      return parse_key_usage(value, certificate);
    case subject_alt_name:
      return parse_alt_names(value, certificate);
    case basic_constraints:
      return parse_basic_constraints(value, certificate);
    case name_constraints:
      certificate.constrains_names = true;
      return true;
    default:
      return true;  // wolfSSL refuses what is critical and unknown to it
  }
}

bool parse_extensions(Bytes input, Certificate& certificate) {
  const auto list = der::take(input, der::kSequence);
  if (!list || !input.empty()) return false;
  Bytes extensions = list->content;
  std::vector<Bytes> seen;
  while (!extensions.empty()) {
    const auto extension = der::take(extensions, der::kSequence);
    if (!extension) return false;
    Bytes fields = extension->content;
    const auto id = der::take(fields, der::kObjectIdentifier);
    if (!id) return false;
    (void)der::take(fields, der::kBoolean);  // critical
    const auto value = der::take(fields, der::kOctetString);
    if (!value || !fields.empty()) return false;
    for (const Bytes other : seen) {
      if (std::ranges::equal(other, id->content)) return false;
    }
    seen.push_back(id->content);
    const bool is_id_ce = id->content.size() == kIdCe.size() + 1 &&
                          std::equal(kIdCe.begin(), kIdCe.end(), id->content.begin());
    if (is_id_ce && !parse_extension(id->content.back(), value->content, certificate)) return false;
  }
  return true;
}

}  // namespace

std::optional<Certificate> parse_certificate(Bytes bytes) {
  Certificate certificate;
  certificate.der = bytes;
  const auto spki = pinning::find_spki(bytes);
  if (!spki) return std::nullopt;
  certificate.spki = *spki;

  // find_spki has seen to the order and the borders of the fields up to the key.
  Bytes outer = bytes;
  Bytes fields = der::take(outer, der::kSequence)->content;
  Bytes body = der::take(fields, der::kSequence)->content;
  (void)der::take(body, kVersion);
  (void)der::take(body, der::kInteger);   // serialNumber
  (void)der::take(body, der::kSequence);  // signature
  certificate.issuer = der::take(body, der::kSequence)->whole;
  const Bytes validity = der::take(body, der::kSequence)->content;
  certificate.subject = der::take(body, der::kSequence)->whole;
  (void)der::take(body, der::kSequence);  // subjectPublicKeyInfo
  if (!parse_validity(validity, certificate)) return std::nullopt;

  (void)der::take(body, kIssuerUniqueId);
  (void)der::take(body, kSubjectUniqueId);
  if (const auto extensions = der::take(body, kExtensions)) {
    if (!parse_extensions(extensions->content, certificate)) return std::nullopt;
  }
  if (!body.empty()) return std::nullopt;
  // signatureAlgorithm and signatureValue.
  const bool ends_well =
      der::take(fields, der::kSequence) && der::take(fields, der::kBitString) && fields.empty();
  return ends_well ? std::optional(certificate) : std::nullopt;
}

std::string Certificate::subject_text() const {
  std::string common_name;
  std::string any;
  Bytes input = subject;
  const auto names = der::take(input, der::kSequence);
  Bytes sets = names ? names->content : Bytes();
  while (!sets.empty()) {
    const auto set = der::take(sets);
    if (!set) break;
    Bytes inside = set->content;
    const auto attribute = der::take(inside, der::kSequence);
    if (!attribute) break;
    Bytes pair = attribute->content;
    const auto type = der::take(pair, der::kObjectIdentifier);
    const auto value = der::take(pair);
    if (!type || !value) break;
    std::string text;
    for (const std::uint8_t byte :
         value->content.first(std::min<std::size_t>(value->content.size(), 64))) {
      text += byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '?';
    }
    if (std::ranges::equal(type->content, kCommonName)) common_name = text;
    if (any.size() < 128) any += (any.empty() ? "" : ", ") + text;
  }
  if (!common_name.empty()) return "\"" + common_name + "\"";
  return any.empty() ? "without a subject" : "\"" + any + "\"";
}

std::string text_of_time(std::int64_t seconds_since_1970) {
  const auto seconds = static_cast<std::time_t>(seconds_since_1970);
  std::tm parts{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return std::to_string(seconds_since_1970);
  std::array<char, 40> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), length};
}

}  // namespace holdfast::channel
