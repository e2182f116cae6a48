// What does a connection to this broker cost, and does it resume?

#include <algorithm>
#include <cstdint>

#include "catalogue.hpp"
#include "groups/economy/parts.hpp"
#include "stage.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kAttempts = 10;

void tickets(Stage& stage, Finding& finding) {
  const auto peer = logged_in_peer(stage);
  finding.figure("tickets", static_cast<double>(peer->tls().tickets()));
  finding.figure("bytes", static_cast<double>(peer->tls().ticket_bytes()), "bytes");
  const auto ticket = peer->tls().ticket();
  if (peer->tls().tickets() == 0 || !ticket) {
    finding.warn("no ticket came: every reconnection is a full handshake");
    return;
  }
  finding.figure("lifetime", ticket->lifetime, "s");
  constexpr std::uint32_t kShort = 3'600;
  if (ticket->lifetime < kShort) {
    finding.warn("tickets end after " + std::to_string(ticket->lifetime) +
                 " s: a device that is away for longer pays for a full handshake");
  } else {
    finding.pass(std::to_string(peer->tls().tickets()) + " tickets, good for " +
                 std::to_string(ticket->lifetime) + " s");
  }
}

void resumption(Stage& stage, Finding& finding) {
  auto ticket = fresh_ticket(stage);
  if (!ticket) {
    finding.not_applicable("the broker gives no tickets");
    return;
  }
  unsigned resumed = 0;
  for (unsigned i = 0; i < kAttempts; ++i) {
    const Resumed attempt = try_ticket(stage, *ticket);
    if (attempt.resumed) ++resumed;
    if (attempt.next) ticket = attempt.next;
  }
  finding.figure("resumed", resumed);
  finding.figure("attempts", kAttempts);
  judge_share(finding, resumed, kAttempts, "connections resumed");
}

void ticket_twice(Stage& stage, Finding& finding) {
  const auto ticket = fresh_ticket(stage);
  if (!ticket) {
    finding.not_applicable("the broker gives no tickets");
    return;
  }
  const bool first = try_ticket(stage, *ticket).resumed;
  const bool second = try_ticket(stage, *ticket).resumed;
  finding.figure("first_use", first ? 1 : 0);
  finding.figure("second_use", second ? 1 : 0);
  finding.only_figures();
  if (!first) finding.warn("a fresh ticket is not even good once");
}

// RFC 8446 section 4.2.11: a ticket that the server cannot use is left aside.
void damaged_ticket(Stage& stage, Finding& finding) {
  const auto ticket = fresh_ticket(stage);
  if (!ticket) {
    finding.not_applicable("the broker gives no tickets");
    return;
  }
  TlsOffer offer = stage.tls_offer();
  offer.ticket = &*ticket;
  offer.damage_ticket = true;
  const auto peer = stage.open_tls(offer);
  if (finding.expect(!peer->facts().resumed, "a damaged ticket was taken")) {
    finding.pass("a damaged ticket led to a full handshake");
  }
}

void resumption_at_second_broker(Stage& stage, Finding& finding) {
  auto ticket = fresh_ticket(stage);
  if (!ticket) {
    finding.not_applicable("the broker gives no tickets");
    return;
  }
  const auto& url = *stage.options().second_broker;
  TlsOffer offer = stage.tls_offer();
  offer.server_name = url.is_ip_literal ? "" : url.host;
  offer.ticket = &*ticket;
  const auto peer = stage.open_tls(resolve(url.host, url.port).front(), offer);
  finding.figure("resumed", peer->facts().resumed ? 1 : 0);
  if (peer->facts().resumed) {
    finding.pass("a ticket of one node is good at the other");
  } else {
    finding.warn(
        "behind one address, only one in so many reconnections resumes as there are nodes");
  }
}

void handshake_bytes(Stage& stage, Finding& finding) {
  const auto bytes_of = [](const TlsPeer& peer) {
    return static_cast<double>(peer.facts().handshake_bytes_up + peer.facts().handshake_bytes_down);
  };
  const double full = bytes_of(*stage.open_tls());
  finding.figure("full", full, "bytes");
  finding.only_figures();
  const auto ticket = fresh_ticket(stage);
  if (!ticket) return;
  TlsOffer offer = stage.tls_offer();
  offer.ticket = &*ticket;
  const auto peer = stage.open_tls(offer);
  if (!peer->facts().resumed) return;
  finding.figure("resumed", bytes_of(*peer), "bytes");
  if (bytes_of(*peer) >= full) finding.warn("a resumed handshake takes no less than a full one");
}

// The record of a PINGRESP: 5 bytes of header, the packet's 2, its type and the tag (RFC 8446
// section 5.2).
void record_overhead(Stage& stage, Finding& finding) {
  const auto peer = logged_in_peer(stage);
  const std::size_t before = peer->tls().tls_bytes_down();
  peer->ping();
  const auto bytes = static_cast<double>(peer->tls().tls_bytes_down() - before);
  finding.figure("pingresp", bytes, "bytes");
  constexpr double kPlain = 5 + 2 + 1 + 16;
  if (bytes <= kPlain) {
    finding.pass("a PINGRESP takes " + std::to_string(static_cast<int>(bytes)) + " bytes of TLS");
  } else {
    finding.warn("a PINGRESP takes more than its " + std::to_string(static_cast<int>(kPlain)) +
                 " bytes of TLS: records are padded, or other bytes go with it");
  }
}

void short_tags(Stage& stage, Finding& finding) {
  TlsOffer offer = stage.tls_offer();
  offer.suites = "TLS13-AES128-CCM8-SHA256";
  bool agreed = false;
  try {
    agreed = stage.open_tls(offer)->facts().version == "TLSv1.3";
  } catch (const PeerError& error) {
    finding.saw(error.what());
  }
  finding.figure("ccm_8", agreed ? 1 : 0);
  finding.only_figures();
}

// --- Time, because a radio that waits costs power, and what waits cannot share a segment
// -----------

void judge_delay(Finding& finding, const char* what, Clock::duration usual, Clock::duration floor) {
  const auto in_ms = [](Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
  };
  finding.figure(what, in_ms(usual), "ms");
  finding.figure("round_trip", in_ms(floor), "ms");
  // Delayed acknowledgements take 40 ms on Linux; half of it cannot be anything else.
  if (usual - floor < 20ms) {
    finding.pass("the answer comes at once");
  } else {
    finding.warn(
        "the answer is held back: Nagle's algorithm waits for an acknowledgement that is "
        "delayed itself");
  }
}

void connack_delay(Stage& stage, Finding& finding) {
  std::vector<Clock::duration> logins;
  std::vector<Clock::duration> pings;
  for (int i = 0; i < 5; ++i) {
    const auto peer = stage.open();
    const auto began = Clock::now();
    peer->connect(stage.login("c" + std::to_string(i)));
    logins.push_back(Clock::now() - began);
    pings.push_back(time_of([&] { peer->ping(); }));
    peer->disconnect();
  }
  judge_delay(finding, "connack", median(logins), smallest(pings));
}

void puback_delay(Stage& stage, Finding& finding) {
  const auto peer = logged_in_peer(stage);
  std::vector<Clock::duration> publishes;
  std::vector<Clock::duration> pings;
  for (int i = 0; i < 9; ++i) {
    publishes.push_back(
        time_of([&] { peer->publish({.topic = stage.topic(), .payload = "x", .qos = 1}); }));
    pings.push_back(time_of([&] { peer->ping(); }));
  }
  judge_delay(finding, "puback", median(publishes), smallest(pings));
}

void puback_bytes(Stage& stage, Finding& finding) {
  const auto peer = logged_in_peer(stage);
  constexpr unsigned kBurst = 50;
  const unsigned window = receive_maximum_of(stage, kBurst);
  const std::size_t before = peer->tls().tls_bytes_down();
  Bytes burst;
  for (std::uint16_t id = 1; id <= window; ++id) {
    const Bytes one =
        encode(Publish{.topic = stage.topic(), .payload = "x", .qos = 1, .packet_id = id},
               stage.version());
    burst.insert(burst.end(), one.begin(), one.end());
  }
  peer->send_raw(burst);
  for (std::uint16_t id = 1; id <= window; ++id) {
    peer->wait_acknowledgement(Type::puback, id, stage.patience());
  }
  const double each = static_cast<double>(peer->tls().tls_bytes_down() - before) / window;
  finding.figure("per_puback", each, "bytes");
  finding.figure("burst", window);
  finding.only_figures();
  // A record for each: 5 bytes of header, the packet's 6 with a reason and no property, its type
  // and the tag. TLS 1.2 has other records.
  constexpr double kAlone = 5 + 6 + 1 + 16;
  if (peer->tls().facts().version == "TLSv1.3" && each > kAlone) {
    finding.warn("an acknowledgement takes more than a record of its own, " +
                 std::to_string(static_cast<int>(kAlone)) +
                 " bytes: records are padded, or other bytes go with it");
  }
}

}  // namespace

std::vector<Check> economy_checks() {
  std::vector<Check> checks{
      {.id = "economy.handshake_bytes",
       .title = "what handshakes take in TLS, with the suite's own client",
       .reference = "RFC 8446 section 2",
       .meaning = "Tickets are so large that resumption, which is to save bytes, costs them.",
       .settings = {{"", "tickets without the certificates of clients in them"}},
       .run = handshake_bytes},
      {.id = "economy.tickets",
       .title = "tickets for resumption come, and live for an hour at least",
       .reference = "RFC 8446 section 4.6.1",
       .meaning = "A resumed handshake takes two thirds of the bytes of a full one.",
       .settings = {{"RabbitMQ",
                     "{session_tickets, stateless} in the ssl_options of advanced.config"},
                    {"EMQX", "listeners.ssl.default.ssl_options.session_tickets = stateless"},
                    {"mosquitto", "they are on; there is no setting"}},
       .run = tickets},
      {.id = "economy.resumption",
       .title = "ten of ten connections with a ticket are resumed",
       .reference = "RFC 8446 section 2.2",
       .meaning = "Tickets are paid for and then not taken: dearer than none.",
       .settings = {{"", "nodes behind one address need the same ticket keys"}},
       .run = resumption},
      {.id = "economy.ticket_twice",
       .title = "whether a ticket is good more than once",
       .reference = "RFC 8446 appendix C.4",
       .meaning = "Tickets are paid for and then not taken: dearer than none.",
       .settings = {{"", "nodes behind one address need the same ticket keys"}},
       .run = ticket_twice},
      {.id = "economy.damaged_ticket",
       .title = "a ticket that cannot be used leads to a full handshake",
       .reference = "RFC 8446 section 4.2.11",
       .meaning = "A device with an old ticket cannot get in until it has forgotten it.",
       .needs = Need::tls_1_3,
       .run = damaged_ticket},
      {.id = "economy.second_broker",
       .title = "tickets of one node are good at the other",
       .reference = "practice",
       .meaning = "Devices that come back to another node pay for a full handshake and the ticket.",
       .settings = {{"", "share the ticket keys among the nodes"}},
       .needs = Need::second_broker,
       .run = resumption_at_second_broker},
      {.id = "economy.record_overhead",
       .title = "records are not padded",
       .reference = "RFC 8446 section 5.4",
       .meaning = "Every packet of the broker is dearer than it has to be.",
       .needs = Need::tls_1_3,
       .run = record_overhead},
      {.id = "economy.short_tags",
       .title = "whether AES-128-CCM-8 can be agreed on",
       .reference = "RFC 8446 appendix B.4",
       .meaning = "",
       .settings =
           {{"mosquitto",
             "ciphers_tls1.3 TLS_AES_128_CCM_8_SHA256:TLS_AES_128_GCM_SHA256; with OpenSSL 3.5 "
             "also ciphers DEFAULT@SECLEVEL=0"}},
       .needs = Need::tls_1_3,
       .run = short_tags},
      {.id = "economy.connack_delay",
       .title = "CONNACK is not held back",
       .reference = "RFC 896, RFC 1122 section 4.2.3.2",
       .meaning = "Every connection takes 40 ms longer.",
       .settings = {{"mosquitto", "set_tcp_nodelay true"},
                    {"EMQX", "listeners.ssl.default.tcp_options.nodelay = true"},
                    {"RabbitMQ", "mqtt.tcp_listen_options.nodelay = true"}},
       .run = connack_delay},
      {.id = "economy.puback_delay",
       .title = "PUBACK is not held back",
       .reference = "RFC 896, RFC 1122 section 4.2.3.2",
       .meaning = "The radio of a device stays awake 40 ms longer for each message.",
       .settings = {{"mosquitto", "set_tcp_nodelay true"},
                    {"EMQX", "listeners.ssl.default.tcp_options.nodelay = true"},
                    {"RabbitMQ", "mqtt.tcp_listen_options.nodelay = true"}},
       .run = puback_delay},
      {.id = "economy.puback_bytes",
       .title = "what an acknowledgement takes when many come together",
       .reference = "practice",
       .meaning = "Every message of every device is dearer than it has to be.",
       .run = puback_bytes},
  };
  const auto device = economy_device_checks();
  checks.insert(checks.end(), device.begin(), device.end());
  return checks;
}

}  // namespace holdfast::broker_test
