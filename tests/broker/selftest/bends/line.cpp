// TLS, tickets and keys.

#include "selftest/bends/rule.hpp"
#include "selftest/bends/ways.hpp"

namespace holdfast::broker_test {
std::vector<BrokenRule> of_the_line() {
  return {
      {.name = "EveryFifthConnectionProvesAnotherKey",
       .filter = "identity.every_connection",
       .fails = {"identity.every_connection"},
       .other_key = true},
      {.name = "TicketsAreNeverGood",
       .filter = "economy.resumption:economy.tickets",
       .warns = {"economy.resumption"},
       .bend = {.forgets_tickets = true}},
      // Without those that go by the clock: a busy machine holds a CONNACK back as well.
      {.name = "GivesNoTickets",
       .filter = "economy.*-economy.connack_delay:economy.puback_delay",
       .warns = {"economy.tickets"},
       .bend = {.gives_no_tickets = true}},
      {.name = "HasNoX25519",
       .filter = "identity.groups",
       .warns = {"identity.groups"},
       .bend = {.groups = "P-256"}},
  };
}

}  // namespace holdfast::broker_test
