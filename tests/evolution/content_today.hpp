// What today's schemas can say: the content of the last release, and what fields were added since.

#pragma once

#include "content_0_1_0.hpp"

namespace holdfast::evolution::today {

using v0_1_0::fill_board_reading;
using v0_1_0::fill_budget_state;
using v0_1_0::fill_command;
using v0_1_0::fill_idle_state;
using v0_1_0::fill_ledger;
using v0_1_0::fill_pin_report;
using v0_1_0::fill_pin_set;
using v0_1_0::fill_reading;
using v0_1_0::fill_ticket_store;
using v0_1_0::fill_trust_state;

template <class T>
void fill_envelope(T& envelope) {
  v0_1_0::fill_envelope(envelope);
  envelope.sizes = {6};
}

}  // namespace holdfast::evolution::today
