// What the device shows a broker that asks for a certificate: the certificate with its
// intermediates, and its key, in a file or on a token.

#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <holdfast/options.hpp>

struct WOLFSSL_CTX;

namespace holdfast::channel {

/// Device, inode, size and time of change of two files.
using FileStamp = std::array<std::int64_t, 10>;

class ClientIdentity {
 public:
  /// Reads the files and tries the pair. @throws ConfigError naming the option that cannot work.
  static std::shared_ptr<const ClientIdentity> load(const ClientCertificate& options);

  /// @throws std::runtime_error if wolfSSL does not take it.
  void use_in(WOLFSSL_CTX* context) const;

  /// What an operator should know about the files; or nothing.
  const std::string& warning() const { return warning_; }

  /// PEM, the device's own first: what tells one identity from another.
  const std::string& certificates() const { return certificates_; }
  const ClientCertificate& options() const { return options_; }
  /// Of the files, before they were read.
  const FileStamp& stamp() const { return stamp_; }

  ~ClientIdentity();
  ClientIdentity(const ClientIdentity&) = delete;
  ClientIdentity& operator=(const ClientIdentity&) = delete;

 private:
  ClientIdentity() = default;
  /// Whether a handshake with it succeeds: certificate and key are a pair.
  static bool fits(std::shared_ptr<const ClientIdentity> self);

  ClientCertificate options_;
  FileStamp stamp_{};
  std::string certificates_;  // PEM, the leaf first
  std::string key_;           // PEM; empty with a token
  std::string key_label_;
  int device_id_ = -2;  // wolfCrypt's INVALID_DEVID
  std::string warning_;
};

/// Notices that the files were exchanged. One look costs two stat() calls.
class IdentityFiles {
 public:
  explicit IdentityFiles(std::shared_ptr<const ClientIdentity> current);

  /// Looks at the files. What cannot be used (a half-exchanged pair) leaves the previous identity
  /// in use, and is told to `warn` once. @return whether `current` is another one than before.
  bool refresh(const std::function<void(std::string)>& warn);

  const std::shared_ptr<const ClientIdentity>& current() const { return current_; }

 private:
  std::shared_ptr<const ClientIdentity> current_;
  FileStamp seen_;
};

}  // namespace holdfast::channel
