// A curl command for each reading: a new connection, a full handshake, and the close.

#include "bench/harness.hpp"
#include "bench/wire/http_target.hpp"
#include "support/process.hpp"

namespace holdfast::bench::wire {
namespace {

class CurlCommand final : public Way {
 public:
  CurlCommand(HttpTarget target, const HttpSettings& settings)
      : target_(std::move(target)), settings_(settings) {}

  void send() override {
    const Fix fix = drive_.next();
    const std::string body =
        dir_.write("reading", settings_.json ? as_json(fix) : as_opaque(fix)).string();
    std::vector<std::string> command{"curl",
                                     "-q",
                                     "-sSf",
                                     "--noproxy",
                                     "*",
                                     "--http1.1",
                                     "-H",
                                     "Content-Type: " + target_.content_type,
                                     "--data-binary",
                                     "@" + body};
    if (!target_.trust.empty()) {
      command.insert(command.end(), {"--tlsv1.3", "--cacert", target_.trust});
    }
    command.push_back(target_.url);
    const auto result = test::run(command, kExchangeBound);
    if (result.status != 0) give_up("curl does not post: " + result.output);
  }

 private:
  HttpTarget target_;
  HttpSettings settings_;
  test::TempDir dir_;
  Drive drive_;
};

std::uint16_t port_of(const Nginx::Ports& ports, const HttpSettings& settings) {
  if (settings.reuse == Reuse::http2) return ports.http2;
  switch (settings.server) {
    case Server::plain:
      return ports.plain;
    case Server::rsa:
      return ports.rsa;
    case Server::ecdsa:
      return ports.ecdsa;
    case Server::single:
      break;
  }
  return ports.single;
}

}  // namespace

HttpTarget http_target(const Stage& stage, const HttpSettings& settings) {
  const bool plain = settings.server == Server::plain;
  HttpTarget target;
  target.url = std::string(plain ? "http://" : "https://") + kHost + ":" +
               std::to_string(port_of(stage.web, settings)) + "/v1/readings";
  target.content_type = settings.json ? "application/json" : "application/octet-stream";
  if (settings.server == Server::rsa) target.trust = stage.rsa.root_file.string();
  if (settings.server == Server::ecdsa) target.trust = stage.ecdsa.root_file.string();
  if (settings.server == Server::single) target.trust = stage.broker_key.cert_file.string();
  return target;
}

std::unique_ptr<Way> http_way(const Stage& stage, const HttpSettings& settings) {
  HttpTarget target = http_target(stage, settings);
  if (settings.reuse == Reuse::nothing) {
    return std::make_unique<CurlCommand>(std::move(target), settings);
  }
  return libcurl_way(target, settings);
}

}  // namespace holdfast::bench::wire
