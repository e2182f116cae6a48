// What a broker remembers of a client.

#include "selftest/bends/rule.hpp"
#include "selftest/bends/ways.hpp"

namespace holdfast::broker_test {
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
      {.name = "HasNoWills",
       .filter = "delivery.will:delivery.will_not_sent",
       .fails = {"delivery.will"},
       .bend = {.to_client =
                    [](const Packet& packet, Passage& passage) {
                      const bool will = packet.type == Type::publish &&
                                        as_publish(packet, passage.version).payload == "gone";
                      return will ? Packets{} : Packets{as_it_came(packet)};
                    }}},
      {.name = "ForgetsUnsubscribe",
       .filter = "delivery.unsubscribe:delivery.qos1_down",
       .fails = {"delivery.unsubscribe"},
       .bend = {.to_broker =
                    [](const Packet& packet, Passage&) {
                      // Another filter is given up, and the UNSUBACK comes all the same.
                      Packet other = packet;
                      if (packet.type == Type::unsubscribe) other.body.back() ^= 0x01;
                      return Packets{as_it_came(other)};
                    }}},
  };
}

}  // namespace holdfast::broker_test
