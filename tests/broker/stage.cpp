#include "stage.hpp"

#include <algorithm>
#include <utility>

#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

// Topics and client ids are of letters, digits and a few signs that every broker takes.
std::string plain(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char one) { return one == '.' || one == '_'; }, '-');
  return text;
}

constexpr auto kClearingBound = std::chrono::seconds(10);

}  // namespace

Stage::Stage(const SuiteOptions& options, const Broker& broker, std::string run,
             const std::string& check, Deadline deadline)
    : options_(options),
      broker_(broker),
      run_(std::move(run)),
      name_(plain(check)),
      deadline_(deadline) {}

std::string Stage::topic(const std::string& name) const {
  return options_.topic_prefix + "/" + run_ + "/" + name_ + "/" + name;
}

std::string Stage::client_id(const std::string& name) const {
  return "hfbt-" + run_ + "-" + name_ + "-" + name;
}

TlsOffer Stage::tls_offer() const {
  return {.versions = broker_.tls_1_3 ? TlsVersions::only_1_3 : TlsVersions::both,
          .server_name = broker_.server_name,
          .alpn = options_.alpn,
          .certificate_file = options_.certificate_file,
          .key_file = options_.key_file};
}

std::unique_ptr<TlsPeer> Stage::open_tls(const Address& address, const TlsOffer& offer) {
  auto peer = std::make_unique<TlsPeer>(address, offer, deadline_.within(patience()));
  const TlsFacts& facts = peer->facts();
  if (!facts.resumed && (!facts.pin || !options_.accepts(*facts.pin))) {
    throw IdentityRefused(address.text + " proved the key " +
                          (facts.pin ? facts.pin->text() : "that cannot be read") +
                          ", which is not pinned");
  }
  return peer;
}

std::unique_ptr<TlsPeer> Stage::open_tls(const TlsOffer& offer) {
  return open_tls(broker_.addresses.front(), offer);
}

Connect Stage::login(const std::string& name) const {
  Connect connect{.version = broker_.version, .client_id = client_id(name)};
  if (!options_.username.empty()) connect.username = options_.username;
  connect.password = options_.password;
  return connect;
}

std::unique_ptr<MqttPeer> Stage::open(Version version) {
  return std::make_unique<MqttPeer>(open_tls(), version, deadline_, options_.max_wait);
}

std::unique_ptr<MqttPeer> Stage::open() {
  return open(broker_.version);
}

std::unique_ptr<MqttPeer> Stage::log_in(const Connect& packet) {
  auto peer = open(packet.version);
  if (!packet.clean || packet.properties.has(Property::session_expiry)) {
    note_session(packet.client_id);
  }
  peer->connect(packet);
  return peer;
}

std::unique_ptr<MqttPeer> Stage::log_in(const std::string& name) {
  return log_in(login(name));
}

Options Stage::device_options(const std::string& name) const {
  Options options;
  options.broker = "mqtts://" + options_.broker.text();
  options.client_id = client_id(name);
  for (const auto& pin : options_.pins) options.pins.push_back(pin.text());
  if (options_.backup_pin) options.pins.push_back(options_.backup_pin->text());
  if (options.pins.size() == 1) options.pin_count = PinCount::one_is_enough;
  options.mqtt_version = speaks_mqtt5() ? MqttVersion::v5 : MqttVersion::v3_1_1;
  options.username = options_.username;
  if (options_.password) options.password = *options_.password;
  options.alpn = options_.alpn;
  if (!options_.certificate_file.empty()) {
    options.client_certificate = ClientCertificate{.certificate_file = options_.certificate_file,
                                                   .key_file = options_.key_file};
  }
  return options;
}

std::vector<std::string> Stage::clear_away() {
  std::vector<std::string> left;
  if (sessions_.empty() && retained_.empty()) return left;
  // The check may have used up its own time.
  deadline_ = Deadline(kClearingBound);
  const auto attempt = [&](const std::string& what, const auto& action) {
    try {
      action();
    } catch (const std::exception& error) {
      left.push_back(what + " may be left at the broker: " + error.what());
    }
  };
  for (const std::string& client : sessions_) {
    attempt("the session of " + client, [&] {
      Connect connect = login();
      connect.client_id = client;
      auto peer = open(connect.version);
      peer->connect(connect);
      peer->disconnect();
    });
  }
  if (retained_.empty()) return left;
  attempt("a retained message under " + *retained_.begin(), [&] {
    const auto peer = log_in("clear");
    for (const std::string& topic : retained_) {
      peer->publish({.topic = topic, .payload = "", .qos = 1, .retain = true});
    }
    peer->disconnect();
  });
  return left;
}

}  // namespace holdfast::broker_test
