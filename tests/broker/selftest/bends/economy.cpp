// What makes a fleet dearer.

#include <chrono>
#include <thread>

#include "selftest/bends/rule.hpp"
#include "selftest/bends/ways.hpp"

namespace holdfast::broker_test {
namespace {

// As long as Linux delays an acknowledgement of TCP, for which Nagle's algorithm waits.
constexpr auto kHeldBack = std::chrono::milliseconds(40);

// More than a full handshake costs. wolfSSL, and so a device, can offer 1,536 bytes.
constexpr std::size_t kTicketBallast = 1'000;

Packets held_back(const Packet& packet, Passage&) {
  if (packet.type == Type::connack || packet.type == Type::puback) {
    std::this_thread::sleep_for(kHeldBack);
  }
  return {as_it_came(packet)};
}

}  // namespace

std::vector<BrokenRule> of_economy() {
  return {
      {.name = "TicketsAreNeverGood",
       .filter = "economy.resumption:economy.tickets:economy.ticket_twice:"
                 "resilience.reconnect_storm",
       .warns = {"economy.resumption", "economy.ticket_twice", "resilience.reconnect_storm"},
       .bend = {.forgets_tickets = true},
       .passes = {"economy.tickets"}},
      // Without those that go by the clock: a busy machine holds a CONNACK back as well.
      {.name = "GivesNoTickets",
       .filter = "economy.*-economy.connack_delay:economy.puback_delay",
       .warns = {"economy.tickets"},
       .bend = {.gives_no_tickets = true}},
      {.name = "GivesHugeTickets",
       .filter = "economy.handshake_bytes:economy.tickets:economy.resumption:economy.set_up",
       .warns = {"economy.handshake_bytes", "economy.set_up"},
       .bend = {.tls = {.ticket_ballast = kTicketBallast}},
       .passes = {"economy.resumption", "economy.tickets"}},
      {.name = "AbortsAtBadTickets",
       .filter = "economy.damaged_ticket:economy.resumption",
       .fails = {"economy.damaged_ticket"},
       .bend = {.tls = {.aborts_at_bad_tickets = true}},
       .passes = {"economy.resumption"}},
      {.name = "PadsRecords",
       .filter = "economy.record_overhead:economy.puback_bytes:economy.message:economy.set_up:"
                 "economy.tickets",
       .warns = {"economy.message", "economy.puback_bytes", "economy.record_overhead",
                 "economy.set_up"},
       .bend = {.tls = {.record_block = 1'024}},
       .passes = {"economy.tickets"}},
      {.name = "HoldsAnswersBack",
       .filter = "economy.connack_delay:economy.puback_delay:economy.record_overhead",
       .warns = {"economy.connack_delay", "economy.puback_delay"},
       .bend = {.to_client = held_back},
       .passes = {"economy.record_overhead"}},
  };
}

}  // namespace holdfast::broker_test
