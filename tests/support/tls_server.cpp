#include "support/tls_server.hpp"

#include <regex>
#include <stdexcept>

namespace holdfast::test {
namespace {

constexpr std::chrono::seconds kReadyBound{20};

}  // namespace

OpensslServer::OpensslServer(const Identity& identity, std::vector<std::string> extra_arguments) {
  std::vector<std::string> argv{"openssl", "s_server",
                                "-accept", "127.0.0.1:0",
                                "-cert",   identity.cert_file.string(),
                                "-key",    identity.key_file.string()};
  // -cert takes the first certificate of the file alone.
  if (!identity.chain_file.empty()) {
    argv.insert(argv.end(), {"-cert_chain", identity.chain_file.string()});
  }
  argv.insert(argv.end(), extra_arguments.begin(), extra_arguments.end());
  // With a client connected, s_server ends at the end of its input.
  process_ = Process::spawn(argv, {.input = ProcessOptions::Input::kKeptOpen});

  // "ACCEPT 127.0.0.1:44081": the kernel's choice is printed only since OpenSSL
  // 1.1.1; a plain "ACCEPT" has no port and must not pass.
  static const std::regex kAccept("^ACCEPT .*:([0-9]+)$");
  const auto line = process_->wait_for_line(kAccept, kReadyBound);
  std::smatch parts;
  if (!line || !std::regex_match(*line, parts, kAccept)) {
    throw std::runtime_error("openssl s_server did not start:\n" + process_->output());
  }
  port_ = static_cast<std::uint16_t>(std::stoul(parts[1].str()));
}

}  // namespace holdfast::test
