#include "groups/resilience/parts.hpp"

#include "wire/interruption.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {

// Tries again while nobody listens; 3.1.1 brokers also accept TCP before they let anybody in.
std::unique_ptr<MqttPeer> log_in_again(Stage& stage, const Connect& packet) {
  const Deadline deadline = stage.deadline().within(kComingBack);
  while (true) {
    try {
      auto peer = stage.open(packet.version);
      peer->connect(packet);
      return peer;
    } catch (const PeerError&) {
      if (deadline.over()) throw;
    }
    stop_if_interrupted();
  }
}

Connect keeping_session(Stage& stage, const std::string& name) {
  Connect connect = stage.login(name);
  connect.clean = false;
  if (stage.speaks_mqtt5()) connect.properties.number(Property::session_expiry, 600);
  stage.note_session(connect.client_id);
  return connect;
}

}  // namespace holdfast::broker_test
