#include "channel/peer_name.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace holdfast::channel {
namespace {

// Certificates of public brokers list hundreds of names; a message shows a few.
constexpr std::size_t kShownNames = 5;

// ASCII only, and independent of the locale: host names have nothing else (RFC 9525 section 6.3).
char lower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                              : character;
}

bool equal_names(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

// A wildcard stands for exactly one whole label, the left-most, and only above two others: "*.com"
// would vouch for everybody.
bool matches(std::string_view pattern, std::string_view host) {
  if (!pattern.starts_with("*.")) return equal_names(pattern, host);
  const std::string_view parent = pattern.substr(2);
  const auto dot = host.find('.');
  return parent.find('.') != std::string_view::npos && parent.find('*') == std::string_view::npos &&
         dot != std::string_view::npos && dot > 0 && equal_names(parent, host.substr(dot + 1));
}

std::string printable(std::string_view text) {
  std::string shown;
  for (const char character : text.substr(0, 80)) {
    shown += character > 0x20 && character < 0x7F ? character : '?';
  }
  return shown;
}

std::string text_of_address(Certificate::Bytes address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(address.size() == 4 ? AF_INET : AF_INET6, address.data(), text.data(), text.size());
  return text.data();
}

std::string list_names(const Certificate& certificate) {
  std::vector<std::string> names;
  for (const std::string& name : certificate.dns_names) names.push_back("DNS:" + printable(name));
  for (const auto address : certificate.addresses)
    names.push_back("IP:" + text_of_address(address));
  if (names.empty()) return "nothing";
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kShownNames); ++i) {
    list += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kShownNames) {
    list += " and " + std::to_string(names.size() - kShownNames) + " more";
  }
  return list;
}

}  // namespace

PeerName parse_peer_name(std::string_view host) {
  PeerName name;
  const std::string without_zone(host.substr(0, host.find('%')));
  std::array<std::uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET, without_zone.c_str(), bytes.data()) == 1) {
    name.address.assign(bytes.begin(), bytes.begin() + 4);
  } else if (::inet_pton(AF_INET6, without_zone.c_str(), bytes.data()) == 1) {
    name.address.assign(bytes.begin(), bytes.end());
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  name.host = name.is_address() ? without_zone : std::string(host);
  return name;
}

std::string why_not_for(const Certificate& certificate, const PeerName& name) {
  if (name.host.empty()) return "there is no host name to compare it with";
  if (!certificate.has_alt_names) {
    return "it has no subject alternative name, and the common name does not count (RFC 9525); "
           "make a certificate with subjectAltName " +
           std::string(name.is_address() ? "IP:" : "DNS:") + name.host;
  }
  const bool found =
      name.is_address()
          ? std::ranges::any_of(
                certificate.addresses,
                [&](const auto address) { return std::ranges::equal(address, name.address); })
          : std::ranges::any_of(certificate.dns_names, [&](const std::string& pattern) {
              return matches(pattern, name.host);
            });
  if (found) return {};
  return "it is made out for " + list_names(certificate) + " and not for " + name.host +
         "; connect to a name that is in it, or add " + (name.is_address() ? "IP:" : "DNS:") +
         name.host + " to its subjectAltName";
}

}  // namespace holdfast::channel
