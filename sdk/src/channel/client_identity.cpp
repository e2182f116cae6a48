#include "channel/client_identity.hpp"

#include <string.h>
#include <sys/stat.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include <cstdio>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <holdfast/error.hpp>

#include "channel/pem.hpp"
#include "channel/pkcs11_token.hpp"
#include "channel/trial_server.hpp"

namespace holdfast::channel {
namespace {

constexpr const char* kCertificateField = "client_certificate.certificate_file";
constexpr const char* kKeyField = "client_certificate.key_file";

using Context = std::unique_ptr<WOLFSSL_CTX, void (*)(WOLFSSL_CTX*)>;

Context make_context() {
  wolfSSL_Init();
  return {wolfSSL_CTX_new(wolfTLSv1_3_client_method()), wolfSSL_CTX_free};
}

const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool take_certificates(WOLFSSL_CTX* context, const std::string& pem) {
  return wolfSSL_CTX_use_certificate_chain_buffer(context, bytes_of(pem),
                                                  static_cast<long>(pem.size())) == WOLFSSL_SUCCESS;
}

bool take_key(WOLFSSL_CTX* context, const std::string& pem) {
  return wolfSSL_CTX_use_PrivateKey_buffer(context, bytes_of(pem), static_cast<long>(pem.size()),
                                           WOLFSSL_FILETYPE_PEM) == WOLFSSL_SUCCESS;
}

void check_fields(const ClientCertificate& options) {
  if (options.certificate_file.empty()) {
    throw ConfigError(kCertificateField, "", "name the PEM file of the device's certificate");
  }
  if (options.key_file.empty() != options.pkcs11.has_value()) {
    throw ConfigError(kKeyField, options.key_file.string(),
                      "name either key_file or pkcs11, and not both");
  }
  if (!options.pkcs11) return;
  const Pkcs11& token = *options.pkcs11;
  const auto need = [](bool given, const char* field, const char* mend) {
    if (!given) throw ConfigError(std::string("client_certificate.pkcs11.") + field, "", mend);
  };
  need(!token.module.empty(), "module", "give the path of the module's .so");
  need(!token.token.empty(), "token", "give the token's label; list them with pkcs11-tool -L");
  need(!token.key_label.empty(), "key_label", "give the label of the private key on the token");
  if (!token.pin.empty() && !token.pin_file.empty()) {
    throw ConfigError("client_certificate.pkcs11.pin_file", token.pin_file.string(),
                      "give either pin or pin_file, and not both");
  }
}

std::string read_or_refuse(const char* field, const std::filesystem::path& file) {
  auto text = read_text_file(file);
  if (!text) {
    throw ConfigError(field, file.string(), "the file cannot be read; check its path and mode");
  }
  return std::move(*text);
}

std::string complain_of_mode(const std::filesystem::path& file) {
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0 || (about.st_mode & (S_IRWXG | S_IRWXO)) == 0) return {};
  std::array<char, 8> mode{};
  std::snprintf(mode.data(), mode.size(), "%04o", static_cast<unsigned>(about.st_mode & 07777));
  return std::string(kKeyField) + " " + file.string() + " has mode " + mode.data() +
         ": others than its owner may read the device's key; chmod 0600 it";
}

FileStamp stamp_of(const ClientCertificate& options) {
  FileStamp stamp{};
  std::size_t at = 0;
  for (const auto& file : {options.certificate_file, options.key_file}) {
    struct stat about {};
    if (file.empty() || ::stat(file.c_str(), &about) != 0) about = {};
    for (const auto value :
         {static_cast<std::int64_t>(about.st_dev), static_cast<std::int64_t>(about.st_ino),
          static_cast<std::int64_t>(about.st_size), static_cast<std::int64_t>(about.st_mtim.tv_sec),
          static_cast<std::int64_t>(about.st_mtim.tv_nsec)}) {
      stamp.at(at++) = value;
    }
  }
  return stamp;
}

}  // namespace

std::shared_ptr<const ClientIdentity> ClientIdentity::load(const ClientCertificate& options) {
  check_fields(options);
  const std::shared_ptr<ClientIdentity> identity(new ClientIdentity);
  identity->options_ = options;
  identity->stamp_ = stamp_of(options);
  identity->certificates_ = read_or_refuse(kCertificateField, options.certificate_file);
  const Context context = make_context();
  if (!context || read_pem_certificates(identity->certificates_).empty() ||
      !take_certificates(context.get(), identity->certificates_)) {
    throw ConfigError(kCertificateField, options.certificate_file.string(),
                      "it must be PEM: the device's certificate first, then its intermediates");
  }
  if (options.pkcs11) {
    identity->device_id_ = open_pkcs11_token(*options.pkcs11);
    identity->key_label_ = options.pkcs11->key_label;
    if (!identity->fits(identity)) {
      throw ConfigError("client_certificate.pkcs11.key_label", identity->key_label_,
                        "the token has no private key of this label that fits the certificate " +
                            options.certificate_file.string() +
                            "; RSA and P-256 keys are supported, and the public key must be on the "
                            "token, too, under the same label");
    }
    return identity;
  }
  identity->key_ = read_or_refuse(kKeyField, options.key_file);
  if (!take_key(context.get(), identity->key_)) {
    throw ConfigError(kKeyField, options.key_file.string(),
                      "it must be a private key in PEM, RSA, P-256, P-384 or Ed25519, and not "
                      "encrypted");
  }
  if (!identity->fits(identity)) {
    throw ConfigError(kKeyField, options.key_file.string(),
                      "it is not the key of the certificate in " +
                          options.certificate_file.string() + "; exchange both");
  }
  identity->warning_ = complain_of_mode(options.key_file);
  return identity;
}

ClientIdentity::~ClientIdentity() {
  ::explicit_bzero(key_.data(), key_.size());
}

// Asked of a server in memory, because wolfSSL 5.5's wolfSSL_CTX_check_private_key takes any EC key
// for the right one, and does not know what a token holds.
bool ClientIdentity::fits(std::shared_ptr<const ClientIdentity> self) {
  try {
    TrialServer server(TrialServer::Demand::client_certificate);
    TlsPolicy policy;
    policy.identity = std::move(self);
    const TlsContext context(policy);
    TlsSession client(
        context, "",
        std::make_shared<const pinning::TrustedKeys>(0, std::vector<pinning::Pin>{server.pin()}));
    Failure failure;
    return server.talk_to(client, failure) == TlsSession::Step::verified && server.content();
  } catch (const std::runtime_error&) {
    return false;
  }
}

void ClientIdentity::use_in(WOLFSSL_CTX* context) const {
  const bool taken =
      take_certificates(context, certificates_) &&
      (key_label_.empty() ? take_key(context, key_)
                          : wolfSSL_CTX_use_PrivateKey_Label(context, key_label_.c_str(),
                                                             device_id_) == WOLFSSL_SUCCESS);
  if (!taken) throw std::runtime_error("wolfSSL does not take the client certificate any more");
}

IdentityFiles::IdentityFiles(std::shared_ptr<const ClientIdentity> current)
    : current_(std::move(current)), seen_(current_->stamp()) {}

bool IdentityFiles::refresh(const std::function<void(std::string)>& warn) {
  const ClientCertificate& options = current_->options();
  const FileStamp now = stamp_of(options);
  if (now == seen_) return false;
  // Noted before the files are read: what changes meanwhile is seen at the next look.
  seen_ = now;
  try {
    current_ = ClientIdentity::load(options);
  } catch (const ConfigError& error) {
    warn("the new client certificate is not used, and the previous one stays: " +
         std::string(error.what()));
    return false;
  }
  if (!current_->warning().empty()) warn(current_->warning());
  return true;
}

}  // namespace holdfast::channel
