// Peers that go away, that do not read, or that speak in the clear.

#include "selftest/bends/rule.hpp"

namespace holdfast::broker_test {

std::vector<BrokenRule> of_safety_peers() {
  return {
      {.name = "RunsOutOfHandshakes",
       .filter = "safety.broken_handshakes",
       .fails = {"safety.broken_handshakes"},
       .bend = {.bears_broken_handshakes = 20}},
      {.name = "SpeaksInTheClear",
       .filter = "safety.plain_text:safety.broken_handshakes",
       .fails = {"safety.plain_text"},
       .bend = {.speaks_plain_too = true}},
      {.name = "WaitsForASlowReader",
       .filter = "safety.slow_reader:safety.plain_text",
       .fails = {"safety.slow_reader"},
       .bend = {.writes_to_one_at_a_time = true},
       .max_wait = "1"},
  };
}

}  // namespace holdfast::broker_test
