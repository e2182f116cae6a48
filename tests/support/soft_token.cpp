#include "support/soft_token.hpp"

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "support/process.hpp"

namespace holdfast::test {
namespace {

namespace fs = std::filesystem;

void run_or_throw(const std::vector<std::string>& argv) {
  const RunResult result = run(argv, std::chrono::seconds(60));
  if (result.status != 0) throw std::runtime_error(argv.front() + ": " + result.output);
}

}  // namespace

fs::path SoftToken::module() {
  for (const char* file :
       {"/usr/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"}) {
    if (fs::exists(file)) return file;
  }
  throw std::runtime_error("no SoftHSM2; sdk/cmake/install-packages test installs it");
}

SoftToken::SoftToken() {
  fs::create_directory(dir_.path() / "tokens");
  const fs::path config =
      dir_.write("softhsm2.conf", "directories.tokendir = " + (dir_.path() / "tokens").string() +
                                      "\nobjectstore.backend = file\nlog.level = ERROR\n");
  ::setenv("SOFTHSM2_CONF", config.c_str(), 1);
  run_or_throw({"softhsm2-util", "--module", module().string(), "--init-token", "--free", "--label",
                label_, "--so-pin", "12345678", "--pin", pin_});
}

void SoftToken::import_key(const fs::path& key_file, const std::string& label) {
  const std::string private_der = (dir_.path() / (label + ".private.der")).string();
  const std::string public_der = (dir_.path() / (label + ".public.der")).string();
  run_or_throw(
      {"openssl", "pkey", "-in", key_file.string(), "-outform", "der", "-out", private_der});
  run_or_throw({"openssl", "pkey", "-in", key_file.string(), "-pubout", "-outform", "der", "-out",
                public_der});
  for (const auto& [file, type] :
       {std::pair(private_der, "privkey"), std::pair(public_der, "pubkey")}) {
    run_or_throw({"pkcs11-tool", "--module", module().string(), "--token-label", label_, "--login",
                  "--pin", pin_, "--write-object", file, "--type", type, "--label", label,
                  "--usage-sign"});
  }
}

Identity SoftToken::generate(const TempDir& dir, const Authority& issuer, const std::string& kind,
                             const std::string& label) {
  const std::vector<std::string> tool{"pkcs11-tool", "--module", module().string(), "--token-label",
                                      label_,        "--login",  "--pin",           pin_};
  auto make = tool;
  make.insert(make.end(), {"--keypairgen", "--key-type", kind, "--label", label, "--usage-sign"});
  run_or_throw(make);
  const std::string public_der = (dir_.path() / (label + ".public.der")).string();
  const std::string public_pem = (dir_.path() / (label + ".public.pem")).string();
  auto read = tool;
  read.insert(read.end(),
              {"--read-object", "--type", "pubkey", "--label", label, "--output-file", public_der});
  run_or_throw(read);
  run_or_throw(
      {"openssl", "pkey", "-pubin", "-inform", "der", "-in", public_der, "-out", public_pem});

  Identity made;
  made.cert_file = dir.path() / (label + ".cert.pem");
  run_or_throw({"openssl", "x509", "-new", "-subj", "/CN=" + label, "-force_pubkey", public_pem,
                "-CA", issuer.cert_file.string(), "-CAkey", issuer.key_file.string(), "-days", "30",
                "-out", made.cert_file.string()});
  made.pin = pin_of(made.cert_file);
  return made;
}

}  // namespace holdfast::test
