// From what one connection has cost to what the device has cost.

#pragma once

#include <holdfast/status.hpp>

#include "channel/channel.hpp"

namespace holdfast::device {

void add_to(Ledger& ledger, const channel::ChannelBill& bill);

}  // namespace holdfast::device
