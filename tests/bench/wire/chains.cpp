#include "bench/wire/chains.hpp"

#include <chrono>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <vector>

#include "support/process.hpp"

namespace holdfast::bench::wire {
namespace {

namespace fs = std::filesystem;

void openssl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "openssl");
  const test::RunResult result = test::run(arguments, std::chrono::minutes(2));
  if (result.status != 0)
    throw std::runtime_error("openssl " + arguments[1] + ": " + result.output);
}

std::string random_hex(std::size_t bytes) {
  static std::random_device random;
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    const unsigned byte = random() & 0xFFU;
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

std::string hex(std::size_t value, std::size_t bytes) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (std::size_t place = bytes * 2; place > 0; --place) {
    text += kDigits[(value >> (4 * (place - 1))) & 15U];
  }
  return text;
}

// Two timestamps of logs that sign with P-256 (RFC 6962 section 3.3), wrapped as an extension
// wants them. Nobody checks them here; they are there for their 243 bytes.
std::string timestamps() {
  const auto one = [] {
    const std::size_t signature = 71;  // an ECDSA signature has 70 to 72 bytes
    const std::string sct = "00" + random_hex(32) + random_hex(8) + "0000" + "0403" +
                            hex(signature, 2) + random_hex(signature);
    return hex(sct.size() / 2, 2) + sct;
  };
  const std::string list = one() + one();
  const std::string octets = hex(list.size() / 2, 2) + list;
  return "0481" + hex(octets.size() / 2, 1) + octets;
}

std::string leaf_extensions(const std::string& host) {
  return "keyUsage=critical,digitalSignature,keyEncipherment\n"
         "extendedKeyUsage=serverAuth,clientAuth\n"
         "basicConstraints=critical,CA:FALSE\n"
         "subjectKeyIdentifier=hash\n"
         "authorityKeyIdentifier=keyid\n"
         "authorityInfoAccess=caIssuers;URI:http://i11.i.example.org/\n"
         "subjectAltName=DNS:" +
         host +
         "\n"
         "certificatePolicies=2.23.140.1.2.1\n"
         "crlDistributionPoints=URI:http://i11.c.example.org/117.crl\n"
         "1.3.6.1.4.1.11129.2.4.2=DER:" +
         timestamps() + "\n";
}

constexpr const char* kIntermediateExtensions =
    "keyUsage=critical,digitalSignature,keyCertSign,cRLSign\n"
    "extendedKeyUsage=clientAuth,serverAuth\n"
    "basicConstraints=critical,CA:TRUE,pathlen:0\n"
    "subjectKeyIdentifier=hash\n"
    "authorityKeyIdentifier=keyid\n"
    "authorityInfoAccess=caIssuers;URI:http://x1.i.example.org/\n"
    "certificatePolicies=2.23.140.1.2.1\n"
    "crlDistributionPoints=URI:http://x1.c.example.org/\n";

constexpr const char* kRootExtensions =
    "keyUsage=critical,keyCertSign,cRLSign\n"
    "basicConstraints=critical,CA:TRUE\n"
    "subjectKeyIdentifier=hash\n";

struct Certified {
  fs::path key;
  fs::path cert;
};

Certified certify(const fs::path& folder, const std::string& name,
                  const std::vector<std::string>& key_options, const std::string& subject,
                  const std::string& extensions, int days, const Certified* issuer) {
  const Certified made{folder / (name + ".key"), folder / (name + ".pem")};
  const std::string request = (folder / (name + ".csr")).string();
  const std::string file = test::write_file(folder / (name + ".ext"), extensions).string();
  std::vector<std::string> generate{"genpkey", "-out", made.key.string()};
  generate.insert(generate.end(), key_options.begin(), key_options.end());
  openssl(generate);
  openssl({"req", "-new", "-key", made.key.string(), "-subj", subject, "-out", request});
  std::vector<std::string> sign{"x509",
                                "-req",
                                "-in",
                                request,
                                "-extfile",
                                file,
                                "-days",
                                std::to_string(days),
                                "-sha256",
                                "-set_serial",
                                "0x03" + random_hex(17),
                                "-out",
                                made.cert.string()};
  if (issuer == nullptr) {
    sign.insert(sign.end(), {"-signkey", made.key.string()});
  } else {
    sign.insert(sign.end(), {"-CA", issuer->cert.string(), "-CAkey", issuer->key.string()});
  }
  openssl(sign);
  return made;
}

std::vector<std::string> rsa(const std::string& bits) {
  return {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:" + bits};
}

std::vector<std::string> curve(const std::string& name) {
  return {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + name};
}

}  // namespace

Chain make_chain(const test::TempDir& dir, ChainKind kind, const std::string& host) {
  const bool is_rsa = kind == ChainKind::rsa;
  const fs::path folder = test::make_directory_in(dir.path(), is_rsa ? "rsa-" : "ecdsa-");
  const Certified root = certify(folder, "root", rsa("4096"),
                                 "/C=US/O=Example Security Research Group/CN=EXRG Root X1",
                                 kRootExtensions, 3650, nullptr);
  const Certified intermediate =
      certify(folder, "intermediate", is_rsa ? rsa("2048") : curve("P-384"),
              is_rsa ? "/C=US/O=Let's Example/CN=I11" : "/C=US/O=Let's Example/CN=I7",
              kIntermediateExtensions, 1095, &root);
  const Certified leaf = certify(folder, "leaf", is_rsa ? rsa("2048") : curve("P-256"),
                                 "/CN=" + host, leaf_extensions(host), 90, &intermediate);
  const fs::path both = test::write_file(
      folder / "chain.pem", test::read_file(leaf.cert) + test::read_file(intermediate.cert));
  return {leaf.key, both, root.cert};
}

}  // namespace holdfast::bench::wire
