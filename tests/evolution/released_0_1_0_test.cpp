// Are the bytes of version 0.1.0 read today, and today's by readers of version 0.1.0?

#include "content_0_1_0.hpp"
#include "content_today.hpp"
#include "evolution/exchange.hpp"

#include "board_generated.h"
#include "budget_state_generated.h"
#include "command_generated.h"
#include "envelope_generated.h"
#include "idle_state_generated.h"
#include "ledger_generated.h"
#include "pin_report_generated.h"
#include "pin_set_generated.h"
#include "reading_generated.h"
#include "ticket_store_generated.h"
#include "trust_state_generated.h"

#include "holdfast_released_0_1_0/board_generated.h"
#include "holdfast_released_0_1_0/budget_state_generated.h"
#include "holdfast_released_0_1_0/command_generated.h"
#include "holdfast_released_0_1_0/envelope_generated.h"
#include "holdfast_released_0_1_0/idle_state_generated.h"
#include "holdfast_released_0_1_0/ledger_generated.h"
#include "holdfast_released_0_1_0/pin_report_generated.h"
#include "holdfast_released_0_1_0/pin_set_generated.h"
#include "holdfast_released_0_1_0/reading_generated.h"
#include "holdfast_released_0_1_0/ticket_store_generated.h"
#include "holdfast_released_0_1_0/trust_state_generated.h"

namespace holdfast::evolution {
namespace {

namespace old = released_0_1_0;
namespace then = v0_1_0;

constexpr const char* kVersion = "0.1.0";

#define HOLDFAST_EXCHANGE(type, name, fill)                     \
  exchange<old::type, type>(                                    \
      kVersion, name, [](auto& object) { then::fill(object); }, \
      [](auto& object) { today::fill(object); })

TEST(Released_0_1_0, PayloadsAreUnderstoodBothWays) {
  HOLDFAST_EXCHANGE(holdfast::wire::Envelope, "envelope", fill_envelope);
  HOLDFAST_EXCHANGE(holdfast::wire::PinReport, "pin_report", fill_pin_report);
  HOLDFAST_EXCHANGE(holdfast::wire::PinSet, "pin_set", fill_pin_set);
}

TEST(Released_0_1_0, StateFilesAreUnderstoodBothWays) {
  HOLDFAST_EXCHANGE(holdfast::wire::BudgetState, "budget_state", fill_budget_state);
  HOLDFAST_EXCHANGE(holdfast::wire::IdleState, "idle_state", fill_idle_state);
  HOLDFAST_EXCHANGE(holdfast::wire::Ledger, "ledger", fill_ledger);
  HOLDFAST_EXCHANGE(holdfast::wire::TicketStore, "ticket_store", fill_ticket_store);
  HOLDFAST_EXCHANGE(holdfast::wire::TrustState, "trust_state", fill_trust_state);
}

TEST(Released_0_1_0, PayloadsOfTheSamplesAreUnderstoodBothWays) {
  HOLDFAST_EXCHANGE(board::BoardReading, "board", fill_board_reading);
  HOLDFAST_EXCHANGE(Command, "command", fill_command);
  HOLDFAST_EXCHANGE(Reading, "reading", fill_reading);
}

// The comparison above is one of bytes: a value more, less or other must show in them.
TEST(Released_0_1_0, AnotherContentIsNoticed) {
  const auto kept = golden(kVersion, "board");
  const auto changed = [](auto change) {
    return written<board::BoardReading>([change](auto& reading) {
      then::fill_board_reading(reading);
      change(reading);
    });
  };
  EXPECT_EQ(understood<board::BoardReading>(kept), changed([](auto&) {}));
  EXPECT_NE(understood<board::BoardReading>(kept), changed([](auto& r) { r.time_ms += 1; }));
  EXPECT_NE(understood<board::BoardReading>(kept), changed([](auto& r) { r.swap_kib.reset(); }));
  EXPECT_NE(understood<board::BoardReading>(kept),
            changed([](auto& r) { r.load1_hundredths = flatbuffers::nullopt; }));
  EXPECT_EQ(understood<Reading>(kept), Bytes()) << "another identifier";
}

}  // namespace
}  // namespace holdfast::evolution
