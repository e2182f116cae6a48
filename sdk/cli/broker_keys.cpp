#include "broker_keys.hpp"

#include <filesystem>
#include <stdexcept>

#include "command.hpp"
#include "crypto/certificate.hpp"
#include "crypto/pem.hpp"
#include "files.hpp"
#include "key_source.hpp"
#include "pinning/spki.hpp"

namespace holdfast::cli {
namespace {

crypto::CertifiedKey make_key(const std::vector<std::string>& hosts, int days) {
  try {
    return crypto::make_p256_key(hosts, days);
  } catch (const std::invalid_argument& error) {
    refuse("--name is neither a host name nor an address", error.what(),
           "write for instance broker.example.com or 192.0.2.7");
  }
}

}  // namespace

std::string write_broker_key(const std::string& directory, std::string_view name,
                             const std::vector<std::string>& hosts, int days) {
  const auto made = make_key(hosts, days);
  write_new_file(broker_key_file(directory, name, "key"),
                 crypto::write_pem("PRIVATE KEY", made.pkcs8), Access::owner_only);
  write_new_file(broker_key_file(directory, name, "crt"),
                 crypto::write_pem("CERTIFICATE", made.certificate), Access::everybody_reads);
  const auto spki = pinning::find_spki(made.certificate);
  if (!spki) throw std::runtime_error("the certificate that was made cannot be read");
  return key_of_spki(*spki).pin.text();
}

std::string broker_key_file(const std::string& directory, std::string_view name,
                            std::string_view ending) {
  return (std::filesystem::path(directory) / std::string(name).append(".").append(ending)).string();
}

}  // namespace holdfast::cli
