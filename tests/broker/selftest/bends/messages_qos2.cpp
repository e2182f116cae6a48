// QoS 2 over connections that break between any two packets of its exchange.

#include "selftest/bends/messages_ways.hpp"
#include "selftest/bends/rule.hpp"

namespace holdfast::broker_test {
namespace {

// A repetition is delivered at once, and the message again when it is released.
Packets delivers_repetitions(const Packet& packet, Passage& passage) {
  Packets all{as_it_came(packet)};
  if (packet.type != Type::publish || qos_of(packet) != 2) return all;
  Publish copy = as_publish(packet, passage.version);
  if (!copy.duplicate) return all;
  copy.qos = 0;
  copy.duplicate = false;
  all.push_back(encode(copy, passage.version));
  return all;
}

// What was taken on another connection is unknown to PUBREL.
Bend forgets_what_was_not_released() {
  constexpr std::uint8_t kNotFound = 0x92;
  Memory taken;
  const auto take = republished_by([taken](Publish& publish, const Passage& passage) mutable {
    if (publish.qos == 2) taken.keep(exchange_of_passage(passage, publish.packet_id));
  });
  const auto release =
      acknowledged_by(Type::pubrel, [taken](Acknowledgement& pubrel, const Passage& passage) {
        if (!taken.has(exchange_of_passage(passage, pubrel.packet_id)))
          pubrel.packet_id |= kForeign;
      });
  return {.to_broker =
              [take, release](const Packet& packet, Passage& passage) {
                return packet.type == Type::pubrel ? release(packet, passage)
                                                   : take(packet, passage);
              },
          .to_client = acknowledged_by(Type::pubcomp, [](Acknowledgement& pubcomp, const Passage&) {
            if ((pubcomp.packet_id & kForeign) == 0) return;
            pubcomp.packet_id ^= kForeign;
            pubcomp.reason = kNotFound;
          })};
}

Bending without_second_pubrels() {
  return [released = Memory()](const Packet& packet, Passage& passage) mutable {
    Packets all{as_it_came(packet)};
    if (packet.type != Type::pubrel) return all;
    const auto id = as_acknowledgement(packet, passage.version).packet_id;
    return released.keep(exchange_of_client(passage, id)) ? all : Packets{};
  };
}

// A PUBREL that comes again brings its message once more.
Bending sends_released_messages_again() {
  return [here = Memory(), sent = Memory()](const Packet& packet, Passage& passage) mutable {
    Packets all{as_it_came(packet)};
    if (packet.type == Type::publish && qos_of(packet) == 2) {
      Publish publish = as_publish(packet, passage.version);
      publish.duplicate = true;
      here.keep(exchange_of_passage(passage, publish.packet_id));
      sent.keep(exchange_of_client(passage, publish.packet_id), encode(publish, passage.version));
    }
    if (packet.type != Type::pubrel) return all;
    const auto id = as_acknowledgement(packet, passage.version).packet_id;
    if (here.has(exchange_of_passage(passage, id))) return all;
    all.insert(all.begin(), sent.get(exchange_of_client(passage, id)));
    return all;
  };
}

}  // namespace

std::vector<BrokenRule> of_qos2() {
  return {
      {.name = "DeliversRepetitionsOfQos2",
       .fails = {"delivery.qos2_up_publish"},
       .bend = {.to_broker = delivers_repetitions},
       .passes = {"delivery.qos2", "delivery.qos2_up_pubrec", "delivery.qos2_up_pubrel"}},
      {.name = "ForgetsWhatWasNotReleased",
       .fails = {"delivery.qos2_up_pubrec"},
       .bend = forgets_what_was_not_released(),
       .passes = {"delivery.qos2_up_publish", "delivery.qos2_up_pubrel"}},
      {.name = "LeavesASecondPubrelUnanswered",
       .fails = {"delivery.qos2_up_pubrel"},
       .bend = {.to_broker = without_second_pubrels()},
       .passes = {"delivery.qos2_up_publish", "delivery.qos2_up_pubrec"}},
      {.name = "SendsReleasedMessagesAgain",
       .fails = {"delivery.qos2_down_pubrec"},
       .bend = {.to_client = sends_released_messages_again()},
       .passes = {"delivery.qos2_down_publish", "delivery.qos2_down_pubcomp"}},
      {.name = "ForgetsPubcomp",
       .fails = {"delivery.qos2_down_pubcomp"},
       .bend = {.to_broker = without(Type::pubcomp)},
       .passes = {"delivery.qos2_down_publish", "delivery.qos2_down_pubrec"}},
  };
}

}  // namespace holdfast::broker_test
