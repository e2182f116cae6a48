// The limits that either side sets.

#include "selftest/bends/messages_ways.hpp"
#include "selftest/bends/rule.hpp"

namespace holdfast::broker_test {
namespace {

Bending connected_without(Property property) {
  return connected_with([property](Properties& properties) { properties.remove(property); });
}

Bending welcomed_by(Property property, std::uint32_t value) {
  return welcomed_with([property, value](Properties& properties) {
    properties.remove(property).number(property, value);
  });
}

// As much as the checks' own device takes.
bool is_too_large(const Publish& publish) {
  constexpr std::size_t kLargestTaken = 512;
  return encode(publish, Version::v5).size() > kLargestTaken;
}

// What this mosquitto takes in one packet.
constexpr const char* kSmall = "max_packet_size 20000";

}  // namespace

std::vector<BrokenRule> of_limits() {
  return {
      {.name = "IgnoresReceiveMaximum",
       .fails = {"delivery.receive_maximum_down", "delivery.receive_maximum_down_qos2"},
       .bend = {.to_broker = connected_without(Property::receive_maximum)},
       .passes = {"delivery.packet_size_down"}},
      {.name = "AllowsMoreInFlightThanItTakes",
       .fails = {"delivery.receive_maximum_up"},
       .bend = {.to_client = welcomed_by(Property::receive_maximum, 100)},
       .passes = {"delivery.qos1_order", "delivery.qos2"}},
      {.name = "IgnoresMaximumPacketSize",
       .fails = {"delivery.packet_size_down"},
       .bend = {.to_broker = connected_without(Property::maximum_packet_size)},
       .passes = {"delivery.packet_size_down_queue"}},
      // mosquitto does not know, and waits for the acknowledgement of what was discarded.
      {.name = "DiscardedMessagesKeepTheirPlace",
       .fails = {"delivery.packet_size_down_queue"},
       .bend = {.to_broker = connected_without(Property::maximum_packet_size),
                .to_client = without_those(is_too_large)},
       .passes = {"delivery.packet_size_down"}},
      {.name = "RefusesWhatItsLimitAllows",
       .fails = {"delivery.packet_size_up"},
       .bend = {.to_client = welcomed_by(Property::maximum_packet_size, 40'000)},
       .passes = {"delivery.packet_size_down"},
       .mosquitto = {.extra_lines = {kSmall}}},
      {.name = "HangsUpOnLargePacketsWithoutAWord",
       .warns = {"delivery.packet_size_up"},
       .bend = {.to_client = without(Type::disconnect)},
       .passes = {"delivery.packet_size_down"},
       .mosquitto = {.extra_lines = {kSmall}}},
  };
}

}  // namespace holdfast::broker_test
