#pragma once

#include <filesystem>
#include <string>

#include "support/keys.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::test {

// SoftToken is a PKCS#11 token in software (SoftHSM2) in a directory of its own. One a process: the
// module reads SOFTHSM2_CONF, which this sets, when it is loaded for the first time. All throw
// std::runtime_error with the tools' words.
class SoftToken {
 public:
  SoftToken();

  static std::filesystem::path module();
  const std::string& label() const { return label_; }
  const std::string& pin() const { return pin_; }

  // Puts a private key (PEM) with its public key onto the token.
  void import_key(const std::filesystem::path& key_file, const std::string& label);
  // Makes a key on the token, which nobody can read; a certificate of `issuer` for it comes back,
  // without a key_file. `kind` is what pkcs11-tool calls it: "EC:prime256v1", "rsa:2048".
  Identity generate(const TempDir& dir, const Authority& issuer, const std::string& kind,
                    const std::string& label);

 private:
  TempDir dir_;
  std::string label_ = "device token";
  std::string pin_ = "49152";
};

}  // namespace holdfast::test
