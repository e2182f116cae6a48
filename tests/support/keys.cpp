#include "support/keys.hpp"

#include <chrono>
#include <ctime>
#include <optional>
#include <stdexcept>

#include "support/process.hpp"

namespace holdfast::test {
namespace {

namespace fs = std::filesystem;
using Validity = CertificateOptions::Validity;

// RSA 4096 takes seconds on a busy machine.
constexpr std::chrono::seconds kCommandBound{120};

std::string run_or_throw(const std::vector<std::string>& argv) {
  const RunResult result = run(argv, kCommandBound);
  if (result.status == 0) return result.output;
  std::string command;
  for (const std::string& word : argv) command += word + " ";
  throw std::runtime_error(command + "failed with status " + std::to_string(result.status) + ":\n" +
                           result.output);
}

void make_key(const fs::path& file, KeyType type) {
  std::vector<std::string> argv{"openssl", "genpkey", "-out", file.string()};
  const auto add = [&argv](std::initializer_list<const char*> words) {
    argv.insert(argv.end(), words.begin(), words.end());
  };
  switch (type) {
    case KeyType::p256:
      add({"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"});
      break;
    case KeyType::p384:
      add({"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"});
      break;
    case KeyType::rsa2048:
      add({"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"});
      break;
    case KeyType::rsa4096:
      add({"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"});
      break;
    case KeyType::ed25519:
      add({"-algorithm", "ED25519"});
      break;
  }
  run_or_throw(argv);
}

std::string days_from_now(int days) {
  const auto moment = std::chrono::system_clock::now() + std::chrono::hours(24) * days;
  const std::time_t seconds = std::chrono::system_clock::to_time_t(moment);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &parts);
  return text;
}

std::pair<std::string, std::string> period(Validity validity) {
  switch (validity) {
    case Validity::kExpired:
      return {days_from_now(-60), days_from_now(-30)};
    case Validity::kNotYetValid:
      return {days_from_now(30), days_from_now(60)};
    case Validity::kCurrent:
      break;
  }
  return {days_from_now(-1), days_from_now(365)};
}

std::string alt_name_list(const std::string& common_name, const CertificateOptions& options) {
  std::vector<std::string> names = options.alt_names;
  if (names.empty()) names = {"DNS:" + common_name, "DNS:localhost", "IP:127.0.0.1", "IP:::1"};
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ",") + name;
  return list;
}

// The `openssl ca` command is used although `req -x509` is shorter: in OpenSSL
// 3.0 it is the only one that takes a start date, which expired certificates need.
fs::path write_ca_config(const fs::path& directory, const std::string& alt_names) {
  std::string text = "[ca]\ndefault_ca = throw_away\n[throw_away]\n";
  text += "new_certs_dir = " + directory.string() + "\n";
  text += "database = " + (directory / "index.txt").string() + "\n";
  text +=
      "rand_serial = yes\n"
      "default_md = default\n"
      "policy = any\n"
      "unique_subject = no\n"
      "[any]\n"
      "commonName = supplied\n"
      "[leaf]\n"
      "basicConstraints = critical,CA:FALSE\n"
      "subjectAltName = ";
  text += alt_names;
  text +=
      "\n[authority]\n"
      "basicConstraints = critical,CA:TRUE\n"
      "keyUsage = critical,keyCertSign,cRLSign\n"
      "subjectKeyIdentifier = hash\n";
  write_file(directory / "index.txt", "");
  return write_file(directory / "ca.conf", text);
}

struct Certified {
  fs::path key_file;
  fs::path cert_file;
};

// certify makes a key (or takes the existing one) and its certificate, signed by
// `issuer` or, without one, by the key itself.
Certified certify(const TempDir& dir, const std::optional<Authority>& issuer, KeyType type,
                  const std::string& common_name, const CertificateOptions& options,
                  const std::string& extensions) {
  const fs::path directory = make_directory_in(dir.path(), "identity-");
  const fs::path request = directory / "request.pem";
  Certified made{directory / "key.pem", directory / "cert.pem"};
  if (options.existing_key.empty()) make_key(made.key_file, type);
  if (!options.existing_key.empty()) fs::copy_file(options.existing_key, made.key_file);
  const std::string config =
      write_ca_config(directory, alt_name_list(common_name, options)).string();
  run_or_throw({"openssl", "req", "-new", "-key", made.key_file.string(), "-subj",
                "/CN=" + common_name, "-out", request.string()});
  const auto [start, end] = period(options.validity);
  std::vector<std::string> sign{"openssl",     "ca",
                                "-batch",      "-notext",
                                "-config",     config,
                                "-in",         request.string(),
                                "-out",        made.cert_file.string(),
                                "-extensions", extensions,
                                "-startdate",  start,
                                "-enddate",    end};
  if (issuer) {
    sign.insert(sign.end(),
                {"-keyfile", issuer->key_file.string(), "-cert", issuer->cert_file.string()});
  } else {
    sign.insert(sign.end(), {"-selfsign", "-keyfile", made.key_file.string()});
  }
  run_or_throw(sign);
  return made;
}

}  // namespace

const char* name_of(KeyType type) {
  switch (type) {
    case KeyType::p256:
      return "p256";
    case KeyType::p384:
      return "p384";
    case KeyType::rsa2048:
      return "rsa2048";
    case KeyType::rsa4096:
      return "rsa4096";
    case KeyType::ed25519:
      return "ed25519";
  }
  return "unknown";
}

Identity self_signed(const TempDir& dir, KeyType type, const std::string& common_name,
                     const CertificateOptions& options) {
  const Certified made = certify(dir, std::nullopt, type, common_name, options, "leaf");
  return {made.key_file, made.cert_file, pin_of(made.cert_file), {}};
}

Authority make_authority(const TempDir& dir, KeyType type, const std::string& common_name,
                         const CertificateOptions& options) {
  const Certified made = certify(dir, std::nullopt, type, common_name, options, "authority");
  return {made.key_file, made.cert_file, pin_of(made.cert_file), {}};
}

Authority make_intermediate(const TempDir& dir, const Authority& issuer, KeyType type,
                            const std::string& common_name, const CertificateOptions& options) {
  const Certified made = certify(dir, issuer, type, common_name, options, "authority");
  std::string chain = read_file(made.cert_file);
  if (!issuer.chain_file.empty()) chain += read_file(issuer.chain_file);
  const fs::path chain_file = write_file(made.cert_file.parent_path() / "chain.pem", chain);
  return {made.key_file, made.cert_file, pin_of(made.cert_file), chain_file};
}

Identity issue(const TempDir& dir, const Authority& issuer, KeyType type,
               const std::string& common_name, const CertificateOptions& options) {
  const Certified made = certify(dir, issuer, type, common_name, options, "leaf");
  if (!issuer.chain_file.empty()) {
    write_file(made.cert_file, read_file(made.cert_file) + read_file(issuer.chain_file));
  }
  return {made.key_file, made.cert_file, pin_of(made.cert_file), issuer.chain_file};
}

std::string pin_of(const fs::path& cert_file) {
  // The file name goes in as $0, so it needs no quoting. No pipefail in POSIX sh:
  // a failure shows as the wrong length.
  std::string digest =
      run_or_throw({"sh", "-c",
                    "openssl x509 -in \"$0\" -noout -pubkey | openssl pkey -pubin -outform der |"
                    " openssl dgst -sha256 -binary | openssl base64 -A",
                    cert_file.string()});
  constexpr std::size_t kBase64OfSha256 = 44;
  if (digest.size() != kBase64OfSha256) {
    throw std::runtime_error("no pin of " + cert_file.string() + ":\n" + digest);
  }
  return "sha256/" + digest;
}

}  // namespace holdfast::test
