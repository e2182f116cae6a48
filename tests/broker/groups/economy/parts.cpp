#include "groups/economy/parts.hpp"

namespace holdfast::broker_test {

std::unique_ptr<MqttPeer> logged_in_peer(Stage& stage, const std::string& name) {
  auto peer = stage.log_in(name);
  peer->ping();  // tickets come before its answer
  return peer;
}

std::optional<Ticket> fresh_ticket(Stage& stage) {
  const auto peer = logged_in_peer(stage, "ticket");
  auto ticket = peer->tls().tickets() > 0 ? peer->tls().ticket() : std::nullopt;
  peer->disconnect();
  return ticket;
}

Resumed try_ticket(Stage& stage, const Ticket& ticket) {
  TlsOffer offer = stage.tls_offer();
  offer.ticket = &ticket;
  MqttPeer peer(stage.open_tls(offer), stage.version(), stage.deadline(), stage.patience());
  peer.connect(stage.login("resumed"));
  peer.ping();
  Resumed attempt{peer.tls().facts().resumed, std::nullopt};
  if (peer.tls().tickets() > 0) attempt.next = peer.tls().ticket();
  peer.disconnect();
  return attempt;
}

void judge_share(Finding& finding, unsigned good, unsigned all, const std::string& what) {
  const std::string share = std::to_string(good) + " of " + std::to_string(all) + " " + what;
  if (good == all) {
    finding.pass(share);
  } else {
    finding.warn(share);
  }
}

unsigned receive_maximum_of(Stage& stage, unsigned most) {
  const auto peer = stage.open();
  const Connack connack = peer->connect(stage.login("asks"));
  peer->disconnect();
  return std::min<unsigned>(most,
                            connack.properties.number(Property::receive_maximum).value_or(65'535));
}

}  // namespace holdfast::broker_test
