// Logins: CONNECT that breaks rules, and who gets in with what.

#include <algorithm>
#include <atomic>
#include <memory>
#include <string_view>

#include "selftest/bends/rule.hpp"
#include "selftest/bends/safety_ways.hpp"

namespace holdfast::broker_test {
namespace {

// Where a CONNECT's body has them, behind the name "MQTT".
constexpr std::size_t kVersionAt = 6;
constexpr std::size_t kFlagsAt = 7;

constexpr unsigned kReservedFlag = 0x01;
constexpr unsigned kWillFlag = 0x04;
constexpr unsigned kWillQos = 0x18;
constexpr unsigned kWillRetain = 0x20;

bool is_refusal(const Packet& packet) {
  return packet.type == Type::connack && packet.body.size() > 1 && packet.body[1] != 0;
}

// Whatever comes first is taken for a login.
Packets let_in_whoever_speaks(const Packet& packet, Passage& passage) {
  const bool first = passage.seen++ == 0;
  if (!first || packet.type == Type::connect) return {as_it_came(packet)};
  passage.answers.push_back(connack_with(0));
  return {};
}

Packet with_our_protocol(Packet packet) {
  constexpr std::string_view kName{"\0\4MQTT", 6};
  Reader reader(packet.body);
  reader.text();
  const bool old = reader.byte() == static_cast<unsigned>(Version::v311);
  const std::string rest = reader.rest();
  packet.body.assign(kName.begin(), kName.end());
  packet.body.push_back(static_cast<std::uint8_t>(old ? Version::v311 : Version::v5));
  packet.body.insert(packet.body.end(), rest.begin(), rest.end());
  return packet;
}

Packet with_good_flags(Packet packet) {
  unsigned flags = packet.body.at(kFlagsAt) & ~kReservedFlag;
  if ((flags & kWillFlag) == 0) flags &= ~(kWillQos | kWillRetain);
  if ((flags & kWillQos) == kWillQos) flags &= ~kWillQos;
  packet.body[kFlagsAt] = static_cast<std::uint8_t>(flags);
  packet.flags = 0;
  return packet;
}

bool is_no_plain_name(const Packet& packet, const Fields& fields) {
  const auto odd = [](char one) { return one < ' ' || one > '~'; };
  return packet.type == Type::connect && std::any_of(fields.name.begin(), fields.name.end(), odd);
}

bool is_very_long(const Packet& packet, const Fields&) {
  constexpr std::size_t kLong = 60'000;
  return packet.type == Type::connect && packet.body.size() > kLong;
}

void name_it(Connect& connect) {
  if (connect.client_id.empty()) connect.client_id = "named";
}

// Who is refused has been logged in, and what lies behind the CONNECT is worked off first: the
// answer to a PINGREQ that is put behind it becomes the refusal.
Packets log_in_all_the_same(const Packet& packet, Passage& passage) {
  constexpr unsigned kNoVersion = 99;
  Packets all{as_it_came(packet)};
  if (packet.type == Type::connect && packet.body.at(kVersionAt) == kNoVersion) {
    passage.seen = 1;
    return {as_it_came(with_our_protocol(packet))};
  }
  if (packet.type == Type::publish && passage.seen == 1) {
    all.push_back(encode_raw(Type::pingreq, 0));
  }
  return all;
}

Packets refuse_afterwards(const Packet& packet, Passage& passage) {
  constexpr std::uint8_t kUnsupportedVersion = 0x84;
  if (passage.seen == 0) return {as_it_came(packet)};
  if (packet.type != Type::pingresp) return {};
  passage.then = Passage::Then::close;
  return {connack_with(kUnsupportedVersion)};
}

// --- Names and passwords -------------------------------------------------------------------------

bool starts_with(const std::optional<std::string>& text, std::string_view start) {
  return text && text->starts_with(start);
}

bool has_wrong_password(const Packet& packet, const Fields&) {
  const auto connect = as_connect(packet);
  return connect && starts_with(connect->password, "wrong-");
}

bool has_unknown_name(const Packet& packet) {
  const auto connect = as_connect(packet);
  return connect && starts_with(connect->username, "unknown-");
}

void take_every_password(Connect& connect) {
  if (starts_with(connect.password, "wrong-")) connect.password = "secret";
}

void take_every_name(Connect& connect) {
  if (!starts_with(connect.username, "unknown-")) return;
  connect.username = "truck";
  connect.password = "secret";
}

Packet without_the_reason(Packet packet) {
  constexpr std::uint8_t kUnspecified = 0x80;
  if (is_refusal(packet)) packet.body[1] = kUnspecified;
  return packet;
}

Packets note_unknown_name(const Packet& packet, Passage& passage) {
  if (has_unknown_name(packet)) passage.seen = 1;
  return {as_it_came(packet)};
}

Packets tell_unknown_name(const Packet& packet, Passage& passage) {
  constexpr std::uint8_t kBadUserName = 0x86;
  if (passage.seen == 0 || !is_refusal(packet)) return {as_it_came(packet)};
  return {connack_with(kBadUserName)};
}

// The login behind every tenth wrong one is refused, whoever it is.
Bending locks_out_the_next() {
  constexpr unsigned kMost = 10;
  const auto wrong = std::make_shared<std::atomic<unsigned>>(0U);
  return [wrong](const Packet& packet, Passage& passage) {
    if (packet.type != Type::connect) return Packets{as_it_came(packet)};
    if (has_wrong_password(packet, {})) {
      ++*wrong;
    } else if (*wrong >= kMost) {
      *wrong = 0;
      constexpr std::uint8_t kBanned = 0x8A;
      passage.answers.push_back(connack_with(kBanned));
      passage.then = Passage::Then::close;
      return Packets{};
    }
    return Packets{as_it_came(packet)};
  };
}

// Only a shared subscription gets around the rule.
Packets forget_shared_subscriptions(const Packet& packet, Passage& passage) {
  const Fields fields = fields_of(packet, passage.version);
  if (packet.type != Type::subscribe || !fields.name.starts_with("denied/")) {
    return {as_it_came(packet)};
  }
  passage.answers.push_back(refusal_of(packet));
  return {};
}

std::vector<BrokenRule> of_logins() {
  return {
      {.name = "TakesEveryPassword",
       .filter = "safety.wrong_password:safety.anonymous",
       .fails = {"safety.wrong_password"},
       .bend = {.to_broker = takes_connect(take_every_password)},
       .with_login = true},
      {.name = "TakesEveryName",
       .filter = "safety.unknown_user:safety.wrong_password",
       .fails = {"safety.unknown_user"},
       .bend = {.to_broker = takes_connect(take_every_name)},
       .with_login = true},
      {.name = "NeverSaysWhyALoginIsRefused",
       .filter = "safety.wrong_password:safety.unknown_user",
       .warns = {"safety.wrong_password"},
       .bend = {.to_client = changed(Type::connack, without_the_reason)},
       .with_login = true},
      {.name = "TellsUnknownNamesFromWrongPasswords",
       .filter = "safety.wrong_password:safety.unknown_user",
       .warns = {"safety.unknown_user"},
       .bend = {.to_broker = note_unknown_name, .to_client = tell_unknown_name},
       .with_login = true},
      {.name = "LocksOutTheNextAfterTenWrongPasswords",
       .filter = "safety.wrong_logins:safety.anonymous",
       .warns = {"safety.wrong_logins"},
       .bend = {.to_broker = locks_out_the_next()},
       .with_login = true},
      {.name = "ClosesEverybodyForAWrongPassword",
       .filter = "safety.wrong_logins:safety.unknown_user",
       .fails = {"safety.wrong_logins"},
       .bend = {.to_broker = closes_all_for(has_wrong_password)},
       .with_login = true},
      {.name = "AsksForNoCertificate",
       .filter = "safety.client_certificate:safety.qos_3",
       .fails = {"safety.client_certificate"},
       .with_certificate = true},
      {.name = "TakesAPasswordInPlaceOfACertificate",
       .filter = "safety.client_certificate:safety.anonymous",
       .warns = {"safety.client_certificate"},
       .with_login = true,
       .with_certificate = true},
      {.name = "HasNoRulesForTopics",
       .filter = "safety.denied_topic:safety.qos_3",
       .fails = {"safety.denied_topic"},
       .words = {"--denied-topic-prefix", "denied"}},
      {.name = "HasNoRulesForSharedSubscriptions",
       .filter = "safety.denied_topic:safety.qos_3",
       .fails = {"safety.denied_topic"},
       .bend = {.to_broker = forget_shared_subscriptions},
       .words = {"--denied-topic-prefix", "denied"}},
  };
}

}  // namespace

std::vector<BrokenRule> of_safety_connect() {
  std::vector<BrokenRule> rules{
      {.name = "LetsInWhoeverSpeaks",
       .filter = "safety.first_packet:safety.other_protocols:safety.protocol_version",
       .fails = {"safety.first_packet", "safety.other_protocols"},
       .bend = {.to_broker = let_in_whoever_speaks}},
      {.name = "TakesEveryProtocol",
       .filter = "safety.protocol_name:safety.protocol_version:safety.connect_flags",
       .fails = {"safety.protocol_name", "safety.protocol_version"},
       .bend = {.to_broker = changed(Type::connect, with_our_protocol)}},
      {.name = "TakesEveryFlagOfConnect",
       .filter = "safety.connect_flags:safety.protocol_name:safety.will_topic",
       .fails = {"safety.connect_flags"},
       .bend = {.to_broker = changed(Type::connect, with_good_flags)}},
      {.name = "TakesClientIdsThatAreNoText",
       .filter = "safety.client_id_text:safety.will_topic",
       .fails = {"safety.client_id_text"},
       .bend = {.to_broker = puts_up_with(is_no_plain_name)}},
      {.name = "TakesWillsToWhatIsNoTopic",
       .filter = "safety.client_id_text:safety.will_topic",
       .fails = {"safety.will_topic"},
       .bend = {.to_broker = takes_connect([](Connect& connect) { connect.will.reset(); })}},
      {.name = "StallsOnALongName",
       .filter = "safety.long_fields:safety.client_id_text",
       .fails = {"safety.long_fields"},
       .bend = {.to_broker =
                    [](const Packet& packet, Passage&) {
                      return is_very_long(packet, {}) ? Packets{} : Packets{as_it_came(packet)};
                    }},
       .max_wait = "1"},
      {.name = "NamesWhoHasNoName",
       .filter = "safety.empty_client_id:safety.client_id_text",
       .fails = {"safety.empty_client_id"},
       .bend = {.to_broker = takes_connect(name_it)}},
      {.name = "TakesWhatComesBehindARefusal",
       .filter = "safety.after_refusal:safety.protocol_name",
       .fails = {"safety.after_refusal"},
       .bend = {.to_broker = log_in_all_the_same, .to_client = refuse_afterwards}},
  };
  const auto logins = of_logins();
  rules.insert(rules.end(), logins.begin(), logins.end());
  return rules;
}

}  // namespace holdfast::broker_test
