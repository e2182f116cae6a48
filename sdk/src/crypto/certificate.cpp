#include "crypto/certificate.hpp"

// options.h first: it holds the settings that the installed wolfSSL was built with.
#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "crypto/rng.hpp"

namespace holdfast::crypto {
namespace {

using Der = std::vector<std::uint8_t>;

constexpr std::uint8_t kDnsName = 0x82;    // GeneralName [2] (RFC 5280 section 4.2.1.6)
constexpr std::uint8_t kIpAddress = 0x87;  // GeneralName [7]
constexpr std::size_t kMaxNameBytes = 253;

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("wolfCrypt refuses ") + what);
}

Der element(std::uint8_t tag, Bytes content) {
  const auto size = content.size();
  std::array<std::uint8_t, 4> header{tag};
  std::size_t used = 2;
  if (size >= 0x100) {
    header[1] = 0x82;
    header[2] = static_cast<std::uint8_t>(size >> 8);
    header[3] = static_cast<std::uint8_t>(size);
    used = 4;
  } else if (size >= 0x80) {
    header[1] = 0x81;
    header[2] = static_cast<std::uint8_t>(size);
    used = 3;
  } else {
    header[1] = static_cast<std::uint8_t>(size);
  }
  Der der(used + size);
  std::copy_n(header.begin(), used, der.begin());
  std::copy(content.begin(), content.end(), der.begin() + static_cast<std::ptrdiff_t>(used));
  return der;
}

bool is_host_name(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !name.empty() && name.size() <= kMaxNameBytes && !name.starts_with('.') &&
         name.find("..") == std::string_view::npos &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

Der general_name(const std::string& name) {
  std::array<std::uint8_t, sizeof(in6_addr)> address{};
  if (::inet_pton(AF_INET, name.c_str(), address.data()) == 1) {
    return element(kIpAddress, Bytes(address).first(sizeof(in_addr)));
  }
  if (::inet_pton(AF_INET6, name.c_str(), address.data()) == 1) {
    return element(kIpAddress, address);
  }
  if (!is_host_name(name)) throw std::invalid_argument(name);
  return element(kDnsName, Der(name.begin(), name.end()));
}

void set_names(Cert& cert, const std::vector<std::string>& names) {
  Der list;
  for (const std::string& name : names) {
    const Der one = general_name(name);
    list.insert(list.end(), one.begin(), one.end());
  }
  const Der all = element(0x30, list);
  require(all.size() <= sizeof cert.altNames, "so many names");
  std::copy(all.begin(), all.end(), cert.altNames);
  cert.altNamesSz = static_cast<int>(all.size());
  // A common name has at most 64 characters (RFC 5280, ub-common-name); a longer host stands among
  // the alternative names in full.
  const std::string common = names.front().substr(0, CTC_NAME_SIZE - 1);
  std::copy(common.begin(), common.end(), cert.subject.commonName);
}

Der sign_for_itself(ecc_key* key, Rng& rng, const std::vector<std::string>& names, int days) {
  const auto cert = std::make_unique<Cert>();
  require(wc_InitCert(cert.get()) == 0, "a certificate");
  cert->sigType = CTC_SHA256wECDSA;
  cert->daysValid = days;
  set_names(*cert, names);
  Der der(2'048 + static_cast<std::size_t>(cert->altNamesSz));
  const auto room = static_cast<word32>(der.size());
  require(wc_MakeCert(cert.get(), der.data(), room, nullptr, key, rng.get()) > 0,
          "to make the certificate");
  const int size =
      wc_SignCert(cert->bodySz, cert->sigType, der.data(), room, nullptr, key, rng.get());
  require(size > 0, "to sign the certificate");
  der.resize(static_cast<std::size_t>(size));
  return der;
}

struct Free {
  void operator()(ecc_key* key) const {
    wc_ecc_free(key);
    delete key;
  }
};

}  // namespace

CertifiedKey make_p256_key(const std::vector<std::string>& names, int days) {
  Rng rng;
  std::unique_ptr<ecc_key, Free> key(new ecc_key{});
  require(wc_ecc_init(key.get()) == 0 &&
              wc_ecc_make_key_ex(rng.get(), 32, key.get(), ECC_SECP256R1) == 0,
          "a P-256 key");
  wc_ecc_set_rng(key.get(), rng.get());
  CertifiedKey made;
  word32 size = 0;
  // Asked without room it says how much it needs.
  require(wc_EccKeyToPKCS8(key.get(), nullptr, &size) == LENGTH_ONLY_E, "to write the key");
  made.pkcs8.resize(size);
  const int written = wc_EccKeyToPKCS8(key.get(), made.pkcs8.data(), &size);
  require(written > 0, "to write the key");
  made.pkcs8.resize(static_cast<std::size_t>(written));
  made.certificate = sign_for_itself(key.get(), rng, names, days);
  return made;
}

}  // namespace holdfast::crypto
