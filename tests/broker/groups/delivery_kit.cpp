#include "groups/delivery_kit.hpp"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <map>
#include <utility>

#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::uint8_t kFirstFailure = 0x80;
constexpr std::uint8_t kSharedNotSupported = 0x9E;
constexpr std::uint8_t kIdentifiersNotSupported = 0xA1;
constexpr std::uint8_t kWildcardsNotSupported = 0xA2;

// As many as every broker is ready to take, whatever its receive maximum.
constexpr std::size_t kWindow = 20;

void require(const MqttPeer& peer, Property property, const char* what) {
  if (peer.connack().properties.number(property).value_or(1) == 0) {
    throw NotOffered(std::string("its CONNACK says that it has no ") + what);
  }
}

std::uint8_t subscribe_or_not_offered(MqttPeer& peer, const std::string& filter,
                                      std::uint8_t options) {
  const std::uint8_t granted = peer.try_subscribe(filter, options);
  if (granted < kFirstFailure) return granted;
  const std::string text = "it refuses the filter " + filter + " with " + reason_text(granted);
  const bool lacking = granted == kSharedNotSupported || granted == kIdentifiersNotSupported ||
                       granted == kWildcardsNotSupported;
  if (lacking) throw NotOffered(text);
  throw PeerError(Ending::login_refused, text, granted);
}

void wait_taken(MqttPeer& peer, std::uint16_t id, Clock::duration bound) {
  const auto answer = peer.wait_acknowledgement(Type::puback, id, bound);
  if (answer.reason < kFirstFailure) return;
  throw PeerError(Ending::login_refused,
                  "the broker refused a message with " + reason_text(answer.reason), answer.reason);
}

}  // namespace

std::vector<Check> joined(std::vector<std::vector<Check>> lists) {
  std::vector<Check> all;
  for (auto& list : lists) std::move(list.begin(), list.end(), std::back_inserter(all));
  return all;
}

// --- What a broker need not offer ----------------------------------------------------------------

void require_qos(const MqttPeer& peer, unsigned qos) {
  const auto most = peer.connack().properties.number(Property::maximum_qos).value_or(2);
  if (most < qos) throw NotOffered("its CONNACK says Maximum QoS " + std::to_string(most));
}

void require_retained(const MqttPeer& peer) {
  require(peer, Property::retain_available, "retained messages");
}

void require_wildcards(const MqttPeer& peer) {
  require(peer, Property::wildcard_available, "wildcard subscriptions");
}

void require_shared(const MqttPeer& peer) {
  require(peer, Property::shared_available, "shared subscriptions");
}

void require_subscription_identifiers(const MqttPeer& peer) {
  require(peer, Property::subscription_identifier_available, "subscription identifiers");
}

std::size_t receive_maximum_of(const MqttPeer& peer) {
  return peer.connack().properties.number(Property::receive_maximum).value_or(0xFFFF);
}

void subscribe_at(MqttPeer& peer, const std::string& filter, unsigned qos, unsigned flags) {
  require_qos(peer, qos);
  const unsigned granted =
      subscribe_or_not_offered(peer, filter, static_cast<std::uint8_t>(qos | flags));
  if (granted < qos) {
    throw NotOffered("it grants QoS " + std::to_string(granted) + " where QoS " +
                     std::to_string(qos) + " was asked");
  }
}

void subscribe_wide(MqttPeer& peer, const std::string& filter, unsigned qos) {
  require_wildcards(peer);
  // MQTT 3.1.1 has one code for every refusal.
  if (peer.version() == Version::v311) {
    const std::uint8_t granted = peer.try_subscribe(filter, static_cast<std::uint8_t>(qos));
    if (granted >= kFirstFailure) throw NotOffered("it refuses the filter " + filter);
    return;
  }
  subscribe_at(peer, filter, qos);
}

// --- Sessions ------------------------------------------------------------------------------------

Connect keeping(const Stage& stage, const std::string& name, std::uint32_t seconds) {
  Connect login = stage.login(name);
  login.clean = false;
  if (stage.speaks_mqtt5()) login.properties.number(Property::session_expiry, seconds);
  return login;
}

std::unique_ptr<MqttPeer> log_in_kept(Stage& stage, const Connect& login) {
  auto peer = stage.log_in(login);
  if (peer->connack().properties.number(Property::session_expiry).value_or(1) == 0) {
    throw NotOffered("its CONNACK says Session Expiry Interval 0: it keeps no session");
  }
  return peer;
}

void let_pass(MqttPeer& peer, Clock::duration time) {
  if (const auto end = peer.wait_end(time)) throw PeerError(*end);
}

// --- Messages ------------------------------------------------------------------------------------

Line open_line(Stage& stage, unsigned qos) {
  Line line;
  line.to = stage.log_in("to");
  subscribe_at(*line.to, stage.topic(), qos);
  line.from = stage.log_in("from");
  return line;
}

std::vector<std::string> numbered(std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) {
    char text[24];
    std::snprintf(text, sizeof text, "%04zu", i);
    all.emplace_back(text);
  }
  return all;
}

void publish(MqttPeer& peer, Publish packet) {
  require_qos(peer, packet.qos);
  const std::uint8_t reason = peer.publish(std::move(packet));
  if (reason < kFirstFailure) return;
  throw PeerError(Ending::login_refused, "the broker refused a message with " + reason_text(reason),
                  reason);
}

void publish_all(MqttPeer& peer, const std::string& topic, unsigned qos,
                 const std::vector<std::string>& payloads) {
  require_qos(peer, qos);
  const std::size_t window = std::min(kWindow, receive_maximum_of(peer));
  std::deque<std::uint16_t> open;
  for (const std::string& payload : payloads) {
    if (qos != 1) {
      publish(peer, {.topic = topic, .payload = payload, .qos = qos});
      continue;
    }
    if (open.size() >= window) {
      wait_taken(peer, open.front(), peer.patience());
      open.pop_front();
    }
    open.push_back(peer.send(Publish{.topic = topic, .payload = payload, .qos = 1}));
  }
  for (const std::uint16_t id : open) wait_taken(peer, id, peer.patience());
}

void publish_marker(MqttPeer& peer, const std::string& topic, unsigned qos) {
  publish(peer, {.topic = topic, .payload = kMarker, .qos = qos});
}

Received receive_to_marker(MqttPeer& peer, Clock::duration quiet) {
  Received received;
  while (auto publish = peer.try_receive(quiet)) {
    if (publish->payload == kMarker) {
      received.complete = true;
      break;
    }
    received.messages.push_back(std::move(*publish));
  }
  return received;
}

std::vector<Publish> received_by_now(MqttPeer& peer) {
  peer.ping();
  return peer.receive_rest(Clock::duration::zero());
}

Comparison compare(const std::vector<std::string>& sent, const std::vector<Publish>& received) {
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < sent.size(); ++i) place[sent[i]] = i;
  std::vector<unsigned> copies(sent.size());
  Comparison result;
  std::size_t next = 0;
  for (const Publish& one : received) {
    const auto found = place.find(one.payload);
    if (found == place.end()) {
      ++result.strange;
      continue;
    }
    if (++copies[found->second] > 1) {
      ++result.repeated;
      continue;
    }
    if (found->second < next) result.in_order = false;
    next = found->second + 1;
  }
  result.missing = static_cast<std::size_t>(std::count(copies.begin(), copies.end(), 0U));
  return result;
}

std::string Comparison::text() const {
  if (exact()) return "each of them once and in order";
  std::string text;
  const auto add = [&](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
  if (missing > 0) add(std::to_string(missing) + " missing");
  if (repeated > 0) add(std::to_string(repeated) + " came again");
  if (strange > 0) add(std::to_string(strange) + " that were never sent");
  if (!in_order) add("out of order");
  return text;
}

bool expect_exact(Finding& finding, const std::vector<std::string>& sent,
                  const std::vector<Publish>& received) {
  const Comparison result = compare(sent, received);
  const std::string text = "of " + std::to_string(sent.size()) + " messages: " + result.text();
  if (result.exact()) {
    finding.pass(text);
  } else {
    finding.fail(text);
  }
  return result.exact();
}

std::string text_of(const Publish& publish) {
  return "QoS " + std::to_string(publish.qos) + (publish.duplicate ? ", DUP" : "") +
         (publish.retain ? ", RETAIN" : "") +
         (publish.qos > 0 ? ", identifier " + std::to_string(publish.packet_id) : "") + ", " +
         std::to_string(publish.payload.size()) + " bytes on " + publish.topic;
}

}  // namespace holdfast::broker_test
