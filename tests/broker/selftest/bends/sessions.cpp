// What a broker remembers of a client.

#include "selftest/bends/logins.hpp"
#include "selftest/bends/rule.hpp"
#include "selftest/bends/ways.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::uint8_t kOldIdentifierRejected = 0x02;
constexpr std::uint32_t kForEver = 0xFFFF'FFFF;

const char* const kWill = "gone";

Packets without_wills(const Packet& packet, Passage& passage) {
  const bool will =
      packet.type == Type::publish && as_publish(packet, passage.version).payload == kWill;
  return will ? Packets{} : Packets{as_it_came(packet)};
}

// Another filter is given up, and the UNSUBACK comes all the same.
Packet unsubscribing_another(Packet packet) {
  packet.body.back() ^= 0x01;
  return packet;
}

// In order, and with nothing about its session.
Packet plain_disconnect(Packet packet) {
  packet.body.clear();
  return packet;
}

void never_end(Connect& login) {
  login.clean = false;
  if (login.version == Version::v5) {
    login.properties.remove(Property::session_expiry).number(Property::session_expiry, kForEver);
  }
}

void tell_short_times(Connack& connack) {
  constexpr std::uint32_t kHour = 3'600;
  constexpr std::uint32_t kMinute = 60;
  connack.properties.remove(Property::session_expiry).number(Property::session_expiry, kHour);
  connack.properties.remove(Property::server_keep_alive)
      .number(Property::server_keep_alive, kMinute);
}

}  // namespace

std::vector<BrokenRule> of_sessions() {
  return {
      {.name = "AlwaysSaysSessionPresent",
       .filter = "delivery.session_new:delivery.session_present",
       .fails = {"delivery.session_new"},
       .bend = {.to_client = with_connack_byte(0, 1)}},
      {.name = "NeverSaysSessionPresent",
       .filter = "delivery.session_new:delivery.session_present",
       .fails = {"delivery.session_present"},
       .bend = {.to_client = with_connack_byte(0, 0)}},
      {.name = "ForgetsSessions",
       .filter = "delivery.session_new:delivery.session_present:delivery.session_subscriptions:"
                 "delivery.session_clean:delivery.session_reconnections:delivery.queue:"
                 "delivery.queue_qos0:delivery.take_over:delivery.take_over_session",
       .fails = {"delivery.queue", "delivery.queue_qos0", "delivery.session_present",
                 "delivery.session_reconnections", "delivery.session_subscriptions",
                 "delivery.take_over_session"},
       .bend = {.to_broker = logged_in_as([](Connect& login) { login.clean = true; })},
       .passes = {"delivery.session_clean", "delivery.session_new", "delivery.take_over"},
       .max_wait = "1"},
      // A will that is to come with the end of its session does not come either.
      {.name = "NeverEndsSessions",
       .filter = "delivery.session_new:delivery.session_present:delivery.session_clean:"
                 "delivery.session_discarded:delivery.session_ended:delivery.session_expired:"
                 "delivery.session_expiry_by_disconnect:delivery.will:delivery.will_at_session_end",
       .fails = {"delivery.session_clean", "delivery.session_discarded", "delivery.session_ended",
                 "delivery.session_expired", "delivery.session_expiry_by_disconnect",
                 "delivery.will_at_session_end"},
       .bend = {.to_broker =
                    by_login(logged_in_as(never_end), changed(Type::disconnect, plain_disconnect))},
       .passes = {"delivery.session_new", "delivery.session_present", "delivery.will"}},
      {.name = "TellsShortTimes",
       .filter = "delivery.session_present:delivery.session_longest:delivery.server_keep_alive",
       .warns = {"delivery.server_keep_alive", "delivery.session_longest"},
       .bend = {.to_client = answered_with(tell_short_times)},
       .passes = {"delivery.session_present"}},
      {.name = "NeverClosesWhoIsReplacedOrSilent",
       .filter = "delivery.session_present:delivery.take_over:delivery.take_over_reason:"
                 "delivery.keep_alive",
       .fails = {"delivery.keep_alive", "delivery.take_over", "delivery.take_over_reason"},
       .bend = {.to_client = without(Type::disconnect), .never_closes = true},
       .passes = {"delivery.session_present"},
       .max_wait = "1"},
      {.name = "NeverAnswersPings",
       .filter = "delivery.kept_alive:delivery.server_keep_alive",
       .fails = {"delivery.kept_alive"},
       .bend = {.to_client = without(Type::pingresp)},
       .passes = {"delivery.server_keep_alive"},
       .max_wait = "1"},
      {.name = "HidesTheNameThatItGave",
       .filter = "delivery.assigned_client_id:delivery.no_client_id",
       .fails = {"delivery.assigned_client_id"},
       .bend = {.to_client =
                    answered_with([](Connack& connack) { connack.properties = Properties(); })},
       .passes = {"delivery.no_client_id"}},
      {.name = "KeepsSessionsOfNobody",
       .filter = "delivery.assigned_client_id:delivery.no_client_id",
       .fails = {"delivery.no_client_id"},
       .bend = {.to_client = answered_with([](Connack& connack) {
                  if (connack.reason == kOldIdentifierRejected) connack.reason = 0;
                })},
       .passes = {"delivery.assigned_client_id"}},
      {.name = "ForgetsUnsubscribe",
       .filter = "delivery.unsubscribe:delivery.qos1_down",
       .fails = {"delivery.unsubscribe"},
       .bend = {.to_broker = changed(Type::unsubscribe, unsubscribing_another)}},
  };
}

std::vector<BrokenRule> of_wills() {
  return {
      {.name = "HasNoWills",
       .filter = "delivery.will:delivery.will_not_sent",
       .fails = {"delivery.will"},
       .bend = {.to_client = without_wills}},
      {.name = "SendsWillsAlways",
       .filter = "delivery.will:delivery.will_not_sent:delivery.will_on_request",
       .fails = {"delivery.will_not_sent"},
       .bend = {.to_broker = without(Type::disconnect)},
       .passes = {"delivery.will", "delivery.will_on_request"}},
      {.name = "SendsNoWillOnRequest",
       .filter = "delivery.will:delivery.will_not_sent:delivery.will_on_request",
       .fails = {"delivery.will_on_request"},
       .bend = {.to_broker = changed(Type::disconnect, plain_disconnect)},
       .passes = {"delivery.will", "delivery.will_not_sent"},
       .max_wait = "1"},
      {.name = "SendsWillsBare",
       .filter = "delivery.will:delivery.will_retained:delivery.will_properties",
       .fails = {"delivery.will_properties", "delivery.will_retained"},
       .bend = {.to_broker = logged_in_as([](Connect& login) {
                  if (login.will) login.will->retain = false;
                }),
                .to_client = republished([](Publish& publish) {
                  if (publish.payload == kWill) publish.properties = {};
                })},
       .passes = {"delivery.will"},
       .max_wait = "1"},
      {.name = "SendsWillsAtOnce",
       .filter = "delivery.will:delivery.will_delay:delivery.will_delay_cancelled",
       .fails = {"delivery.will_delay", "delivery.will_delay_cancelled"},
       .bend = {.to_broker = logged_in_as([](Connect& login) {
                  if (login.will) login.will->properties.remove(Property::will_delay);
                })},
       .passes = {"delivery.will"}},
  };
}

}  // namespace holdfast::broker_test
