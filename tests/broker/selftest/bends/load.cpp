// What a broker does not bear.

#include "selftest/bends/rule.hpp"
#include "selftest/bends/ways.hpp"

namespace holdfast::broker_test {
namespace {

// Messages of the suite's load, and not every one: a broker that drops what it has too much of.
Packets lossy(const Packet& packet, Passage& passage) {
  constexpr unsigned kEvery = 10;
  if (packet.type == Type::publish && ++passage.seen % kEvery == 0) return {};
  return {as_it_came(packet)};
}

Proof refusing_some(const Hello& hello) {
  constexpr unsigned kEvery = 50;
  return hello.connection % kEvery == kEvery - 1 ? Proof::none : Proof::own_key;
}

}  // namespace

std::vector<BrokenRule> of_load() {
  const std::vector<std::string> words{"--load", "quick"};
  return {
      {.name = "HasRoomForAHundred",
       .filter = "load.sessions:load.fan_out",
       .fails = {"load.sessions"},
       .mosquitto = {.plain_extra_lines = {"max_connections 100"}},
       .words = words},
      {.name = "RefusesHandshakesUnderLoad",
       .filter = "load.handshakes:load.fan_out",
       .fails = {"load.handshakes"},
       .bend = {.tls = {.proof = refusing_some}},
       .words = words},
      {.name = "LosesMessagesUnderLoad",
       .filter = "load.throughput:load.fan_in:load.fan_out",
       .fails = {"load.fan_in", "load.fan_out", "load.throughput"},
       .bend = {.to_client = lossy},
       .max_wait = "1",
       .words = words},
  };
}

}  // namespace holdfast::broker_test
