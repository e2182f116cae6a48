// What happens to a message on its way, over connections that hold.

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "selftest/bends/messages_ways.hpp"
#include "selftest/bends/rule.hpp"

namespace holdfast::broker_test {
namespace {

// Every so many messages is dropped.
Packets lossy(const Packet& packet, Passage& passage) {
  if (packet.type == Type::publish && ++passage.seen % 10 == 0) return {};
  return {as_it_came(packet)};
}

Bending twice(unsigned qos) {
  return [qos](const Packet& packet, Passage&) {
    Packets all{as_it_came(packet)};
    if (packet.type == Type::publish && qos_of(packet) == qos) all.push_back(all.front());
    return all;
  };
}

// Two packets that come one behind the other are swapped. What waits for a second one stays away.
class Swap {
 public:
  explicit Swap(std::function<bool(const Packet&)> which) : which_(std::move(which)) {}

  Packets operator()(const Packet& packet, Passage&) {
    if (!which_(packet)) return {as_it_came(packet)};
    if (held_.empty()) {
      held_ = as_it_came(packet);
      return {};
    }
    return {as_it_came(packet), std::exchange(held_, {})};
  }

 private:
  std::function<bool(const Packet&)> which_;
  Bytes held_;
};

bool is_qos1(const Packet& packet) {
  return packet.type == Type::publish && qos_of(packet) == 1;
}

Packet with_another_identifier(Packet packet) {
  if (packet.body.size() > 1) packet.body[1] ^= 0x40;
  return packet;
}

// An identifier that was acknowledged is never free again: who uses it repeats himself.
Bending takes_identifiers_for_repetitions() {
  return republished_by([known = Memory()](Publish& publish, const Passage& passage) mutable {
    if (publish.qos != 1) return;
    if (!known.keep(exchange_of_client(passage, publish.packet_id))) lead_astray(publish);
  });
}

Bend mixes_up_directions() {
  Memory down;
  const auto note = [down](Publish& publish, const Passage& passage) mutable {
    if (publish.qos > 0) down.keep(exchange_of_passage(passage, publish.packet_id));
  };
  const auto forget = acknowledged_by(
      Type::puback, [down](const Acknowledgement& acknowledged, const Passage& passage) mutable {
        down.forget(exchange_of_passage(passage, acknowledged.packet_id));
      });
  const auto mix_up = republished_by([down](Publish& publish, const Passage& passage) {
    if (down.has(exchange_of_passage(passage, publish.packet_id))) lead_astray(publish);
  });
  return {.to_broker =
              [forget, mix_up](const Packet& packet, Passage& passage) {
                return packet.type == Type::puback ? forget(packet, passage)
                                                   : mix_up(packet, passage);
              },
          .to_client = republished_by(note)};
}

Bend passes_dup_on() {
  Memory flagged;
  return {.to_broker = republished_by([flagged](Publish& publish, const Passage&) mutable {
            if (publish.duplicate) flagged.keep(publish.topic);
          }),
          .to_client = republished_by([flagged](Publish& publish, const Passage&) {
            publish.duplicate = publish.duplicate || flagged.has(publish.topic);
          })};
}

std::vector<BrokenRule> of_few_messages() {
  return {
      {.name = "DeliversAtQos0",
       .fails = {"delivery.overlapping", "delivery.qos1_down"},
       .bend = {.to_client = republished([](Publish& publish) { publish.qos = 0; })},
       .passes = {"delivery.lower_qos", "delivery.qos0", "delivery.qos1_up"}},
      {.name = "UpgradesQos",
       .fails = {"delivery.lower_qos"},
       .passes = {"delivery.qos0", "delivery.qos1_down"},
       .mosquitto = {.extra_lines = {"upgrade_outgoing_qos true"}}},
      {.name = "LosesEmptyMessages",
       .fails = {"delivery.empty_payload"},
       .bend = {.to_client =
                    without_those([](const Publish& publish) { return publish.payload.empty(); })},
       .passes = {"delivery.qos1_down"}},
      {.name = "TakesIdentifiersForRepetitions",
       .fails = {"delivery.identifier_reuse"},
       .bend = {.to_broker = takes_identifiers_for_repetitions()},
       .passes = {"delivery.qos1_order", "delivery.qos1_repeated"}},
      {.name = "MixesUpIdentifiersOfBothDirections",
       .fails = {"delivery.both_directions"},
       .bend = mixes_up_directions(),
       .passes = {"delivery.qos1_order", "delivery.qos1_up"}},
      {.name = "PassesDupOn",
       .fails = {"delivery.dup_not_passed_on"},
       .bend = passes_dup_on(),
       .passes = {"delivery.qos1_down", "delivery.qos1_repeated"}},
      {.name = "CutsPayloads",
       .filter = "delivery.large_payload:delivery.qos1_down",
       .fails = {"delivery.large_payload"},
       .bend = {.to_client = republished([](Publish& publish) {
                  publish.payload.resize(std::min<std::size_t>(publish.payload.size(), 1'000));
                })}},
  };
}

std::vector<BrokenRule> of_many_messages() {
  return {
      {.name = "LosesEveryTenthMessage",
       .filter = "delivery.qos1_order:delivery.qos1_up:delivery.qos0",
       .fails = {"delivery.qos1_order"},
       .warns = {"delivery.qos0"},
       .bend = {.to_client = lossy}},
      {.name = "DeliversQos0Twice",
       .fails = {"delivery.qos0"},
       .bend = {.to_client = twice(0)},
       .passes = {"delivery.qos1_order"}},
      {.name = "DeliversQos1Twice",
       .fails = {"delivery.device", "delivery.empty_payload", "delivery.identifier_reuse",
                 "delivery.qos1_order"},
       .bend = {.to_client = twice(1)},
       .passes = {"delivery.qos0", "delivery.qos1_up"}},
      {.name = "SwapsMessages",
       .filter = "delivery.qos1_order:delivery.qos1_up",
       .fails = {"delivery.qos1_order"},
       .bend = {.to_client = Swap(is_qos1)}},
      {.name = "SwapsAcknowledgements",
       .fails = {"delivery.acknowledgement_order"},
       .bend = {.to_client =
                    Swap([](const Packet& packet) { return packet.type == Type::puback; })},
       .passes = {"delivery.qos0"}},
      {.name = "AcknowledgesAnotherMessage",
       .filter = "delivery.qos1_up:delivery.qos0",
       .fails = {"delivery.qos1_up"},
       .bend = {.to_client = changed(Type::puback, with_another_identifier)}},
      {.name = "NeverAcknowledges",
       .filter = "delivery.qos1_up:delivery.qos0",
       .fails = {"delivery.qos1_up"},
       .bend = {.to_client = without(Type::puback)}},
      {.name = "DeliversQos2Twice",
       .filter = "delivery.qos2:delivery.qos1_down",
       .fails = {"delivery.qos2"},
       .bend = {.to_client = twice(2)}},
  };
}

}  // namespace

std::vector<BrokenRule> of_messages() {
  auto all = of_few_messages();
  auto many = of_many_messages();
  std::move(many.begin(), many.end(), std::back_inserter(all));
  return all;
}

}  // namespace holdfast::broker_test
