#include "wire/mqtt_peer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::uint8_t kFirstFailure = 0x80;

}  // namespace

MqttPeer::MqttPeer(std::unique_ptr<TlsPeer> tls, Version version, Deadline deadline,
                   Clock::duration patience)
    : tls_(std::move(tls)), version_(version), deadline_(deadline), patience_(patience) {}

std::uint16_t MqttPeer::next_id() {
  last_id_ = static_cast<std::uint16_t>(last_id_ == 0xFFFF ? 1 : last_id_ + 1);
  return last_id_;
}

void MqttPeer::send_raw(std::span<const std::uint8_t> bytes) {
  tls_->write(bytes, deadline_);
}

Packet MqttPeer::read_packet(Deadline deadline) {
  while (true) {
    if (auto packet = take_packet(input_)) return std::move(*packet);
    const Bytes more = tls_->read(deadline);
    input_.insert(input_.end(), more.begin(), more.end());
  }
}

// Publications are kept and acknowledged; the end of the session is an error.
void MqttPeer::take_up(const Packet& packet) {
  if (packet.type == Type::disconnect) {
    const Disconnect end = as_disconnect(packet, version_);
    throw PeerError(Ending::disconnected, "the broker disconnected with " + reason_text(end.reason),
                    end.reason);
  }
  if (packet.type == Type::pubrel && acknowledging_ == Acknowledging::at_once) {
    const auto release = as_acknowledgement(packet, version_);
    send(Acknowledgement{Type::pubcomp, release.packet_id, 0, {}});
    return;
  }
  if (packet.type != Type::publish) {
    others_.push_back(packet);
    return;
  }
  Publish publish = as_publish(packet, version_);
  if (acknowledging_ == Acknowledging::at_once && publish.qos > 0) {
    send(Acknowledgement{publish.qos == 1 ? Type::puback : Type::pubrec, publish.packet_id, 0, {}});
  }
  received_.push_back(std::move(publish));
}

Packet MqttPeer::wait_packet(const std::function<bool(const Packet&)>& wanted,
                             Clock::duration bound) {
  const auto kept = std::find_if(others_.begin(), others_.end(), wanted);
  if (kept != others_.end()) {
    Packet packet = std::move(*kept);
    others_.erase(kept);
    return packet;
  }
  const Deadline deadline = deadline_.within(bound);
  while (true) {
    Packet packet = read_packet(deadline);
    if (packet.type != Type::publish && wanted(packet)) return packet;
    take_up(packet);
  }
}

Connack MqttPeer::try_connect(const Connect& packet) {
  send_raw(encode(packet));
  connack_ = as_connack(read_packet(deadline_.within(patience_)), version_);
  return connack_;
}

Connack MqttPeer::connect(const Connect& packet) {
  Connack connack = try_connect(packet);
  if (connack.reason != 0) {
    const std::string reason = version_ == Version::v5
                                   ? reason_text(connack.reason)
                                   : "return code " + std::to_string(connack.reason);
    throw PeerError(Ending::login_refused, "the broker refused the login: " + reason,
                    connack.reason);
  }
  return connack;
}

Grants MqttPeer::subscribe_all(std::span<const Subscription> subscriptions,
                               const Properties& properties) {
  const std::uint16_t id = next_id();
  send_raw(encode_subscribe(id, subscriptions, version_, properties));
  const Packet answer =
      wait_packet([](const Packet& packet) { return packet.type == Type::suback; }, patience_);
  Grants grants = as_grants(answer, version_);
  if (grants.packet_id != id) throw Malformed("SUBACK answers another packet identifier (3.9.2)");
  if (grants.reasons.size() != subscriptions.size()) {
    throw Malformed("SUBACK has another number of codes (3.9.3)");
  }
  return grants;
}

std::uint8_t MqttPeer::try_subscribe(const std::string& filter, std::uint8_t options,
                                     const Properties& properties) {
  const std::array one{Subscription{filter, options}};
  return subscribe_all(one, properties).reasons.front();
}

std::uint8_t MqttPeer::subscribe(const std::string& filter, std::uint8_t options,
                                 const Properties& properties) {
  const std::uint8_t granted = try_subscribe(filter, options, properties);
  if (granted >= kFirstFailure) {
    throw PeerError(Ending::login_refused,
                    "the broker refused the subscription " + filter + ": " + reason_text(granted),
                    granted);
  }
  return granted;
}

std::uint8_t MqttPeer::unsubscribe(const std::string& filter) {
  const std::uint16_t id = next_id();
  send_raw(encode_unsubscribe(id, filter, version_));
  const Packet answer =
      wait_packet([](const Packet& packet) { return packet.type == Type::unsuback; }, patience_);
  const Grants grants = as_grants(answer, version_);
  if (grants.packet_id != id) {
    throw Malformed("UNSUBACK answers another packet identifier (3.11.2)");
  }
  if (version_ != Version::v5) return 0;
  if (grants.reasons.size() != 1) throw Malformed("UNSUBACK has another number of codes (3.11.3)");
  return grants.reasons.front();
}

std::uint16_t MqttPeer::send(Publish packet) {
  if (packet.qos > 0 && packet.packet_id == 0) packet.packet_id = next_id();
  send_raw(encode(packet, version_));
  return packet.packet_id;
}

void MqttPeer::send(const Acknowledgement& packet) {
  send_raw(encode(packet, version_));
}

std::uint8_t MqttPeer::publish(Publish packet) {
  const unsigned qos = packet.qos;
  const std::uint16_t id = send(std::move(packet));
  if (qos == 0) return 0;
  if (qos == 1) return wait_acknowledgement(Type::puback, id, patience_).reason;
  const std::uint8_t reason = wait_acknowledgement(Type::pubrec, id, patience_).reason;
  if (reason >= kFirstFailure) return reason;
  send(Acknowledgement{Type::pubrel, id, 0, {}});
  wait_acknowledgement(Type::pubcomp, id, patience_);
  return reason;
}

void MqttPeer::ping() {
  send_raw(encode_raw(Type::pingreq, 0));
  wait_packet([](const Packet& packet) { return packet.type == Type::pingresp; }, patience_);
}

void MqttPeer::disconnect(const Disconnect& packet) {
  send_raw(encode(packet, version_));
  tls_->close();
}

std::optional<Publish> MqttPeer::try_receive(Clock::duration bound) {
  const Deadline deadline = deadline_.within(bound);
  try {
    while (received_.empty()) take_up(read_packet(deadline));
  } catch (const PeerError& error) {
    if (error.how() != Ending::time_up || deadline_.over()) throw;
    return std::nullopt;
  }
  Publish publish = std::move(received_.front());
  received_.pop_front();
  return publish;
}

Publish MqttPeer::receive(Clock::duration bound) {
  auto publish = try_receive(bound);
  if (!publish) throw PeerError(Ending::time_up, "a message that was due did not come");
  return std::move(*publish);
}

std::vector<Publish> MqttPeer::receive_all(std::size_t count, Clock::duration quiet) {
  std::vector<Publish> all;
  while (all.size() < count) {
    auto publish = try_receive(quiet);
    if (!publish) break;
    all.push_back(std::move(*publish));
  }
  return all;
}

Packet MqttPeer::next_packet(Clock::duration bound) {
  return wait_packet([](const Packet&) { return true; }, bound);
}

Acknowledgement MqttPeer::wait_acknowledgement(Type type, std::uint16_t packet_id,
                                               Clock::duration bound) {
  const Packet packet = wait_packet(
      [&](const Packet& one) {
        return one.type == type && as_acknowledgement(one, version_).packet_id == packet_id;
      },
      bound);
  return as_acknowledgement(packet, version_);
}

std::optional<PeerError> MqttPeer::wait_end(Clock::duration bound) {
  const Deadline deadline = deadline_.within(bound);
  try {
    while (true) take_up(read_packet(deadline));
  } catch (const PeerError& error) {
    if (error.how() == Ending::time_up) return std::nullopt;
    return error;
  }
}

}  // namespace holdfast::broker_test
