#include "preflight.hpp"

#include <algorithm>

#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::uint8_t kOldUnsupportedVersion = 1;  // 3.1.1: 3.2.2.3
constexpr std::uint8_t kUnsupportedVersion = 0x84;

// Whether a broker that does not speak this version says so, or just hangs up (MQTT 5 section
// 3.1.2.2 lets it).
bool speaks(Stage& stage, Version version) {
  try {
    Connect connect = stage.login("preflight");
    connect.version = version;
    const auto peer = stage.open(version);
    const Connack connack = peer->try_connect(connect);
    if (connack.reason == kUnsupportedVersion || connack.reason == kOldUnsupportedVersion) {
      return false;
    }
    if (connack.reason != 0) {
      throw PeerError(Ending::login_refused, reason_text(connack.reason), connack.reason);
    }
    peer->disconnect();
    return true;
  } catch (const PeerError& error) {
    if (version == Version::v5 && error.ended_by_broker()) return false;
    throw;
  } catch (const Malformed&) {
    if (version == Version::v5) return false;
    throw;
  }
}

// A broker that speaks nothing but TLS 1.2 is of no use to a device, and is to be told everything
// else that is wrong with it all the same.
void find_tls(const SuiteOptions& options, Broker& broker) {
  Stage stage(options, broker, "preflight", "tls", Deadline(3 * options.max_wait));
  try {
    stage.open_tls()->close();
  } catch (const PeerError& error) {
    if (error.how() != Ending::tls_refused) throw;
    broker.tls_1_3 = false;
    stage.open_tls()->close();
  }
}

void find_version(const SuiteOptions& options, Broker& broker) {
  Stage stage(options, broker, "preflight", "version", Deadline(3 * options.max_wait));
  if (options.version) {
    broker.version = *options.version;
    if (!speaks(stage, broker.version)) {
      throw PeerError(Ending::login_refused, "it does not speak this version of MQTT",
                      kUnsupportedVersion);
    }
    return;
  }
  broker.version = speaks(stage, Version::v5) ? Version::v5 : Version::v311;
  if (broker.version == Version::v311 && !speaks(stage, Version::v311)) {
    throw PeerError(Ending::login_refused, "it speaks neither MQTT 5 nor 3.1.1",
                    kUnsupportedVersion);
  }
}

}  // namespace

Preflight look_at(const SuiteOptions& options) {
  Preflight preflight;
  Broker& broker = preflight.broker;
  const auto give_up = [&](ExitCode code, const std::string& why) {
    preflight.result = code;
    preflight.complaint = why;
    return preflight;
  };
  try {
    broker.addresses = resolve(options.broker.host, options.broker.port);
    if (!options.broker.is_ip_literal) broker.server_name = options.broker.host;
    broker.loopback = std::all_of(broker.addresses.begin(), broker.addresses.end(),
                                  [](const Address& address) { return address.loopback(); });
    find_tls(options, broker);
    find_version(options, broker);
  } catch (const IdentityRefused& error) {
    return give_up(
        kIdentityRefused,
        std::string(error.what()) + "; either this is not your broker, or --pin names another key");
  } catch (const PeerError& error) {
    if (error.how() == Ending::login_refused) {
      return give_up(kUsage, std::string("the broker refused the login: ") + error.what() +
                                 "; give --username and --password-file, or --cert and --key");
    }
    return give_up(kNotReachable, std::string(error.what()) +
                                      "; holdfast doctor --broker mqtts://" +
                                      options.broker.text() + " looks closer");
  } catch (const std::exception& error) {
    return give_up(kNotReachable, error.what());
  }
  return preflight;
}

}  // namespace holdfast::broker_test
