// The channel's part in the bill: what it asks the kernel, and when.

#include <chrono>

#include "channel/channel.hpp"

namespace holdfast::channel {

std::optional<ledger::WireSample> Channel::sample() const {
  auto counters = sample_wire(handle_, endpoint_.address().is_v6());
  if (counters) counters->fin_came = fin_came_;
  return counters;
}

void Channel::look_at_wire(Looked looked) {
  active_ = std::chrono::steady_clock::now();
  const auto counters = sample();
  if (!counters) return;
  if (looked == Looked::after_read) {
    meter_.look(*counters, active_);
  } else {
    meter_.silence_ends(*counters, active_);
  }
}

ChannelBill Channel::tls_bill() const {
  ChannelBill bill = bill_;
  bill.tls_records_up = tls_.records_written();
  bill.handshake_bytes_down = bill.handshaken ? tls_.handshake_bytes_down() : bill.tls_bytes_down;
  if (!bill.handshaken) bill.handshake_bytes_up = bill.tls_bytes_up;
  bill.ticket_bytes_down = tls_.ticket_bytes_down();
  return bill;
}

ChannelBill Channel::bill() const {
  ChannelBill bill = tls_bill();
  if (phase_ == Phase::closed || phase_ == Phase::idle || !socket_.is_open()) return bill;
  if (const auto counters = sample()) {
    bill.wire = meter_.bill(*counters, std::chrono::steady_clock::now());
  }
  return bill;
}

RoundTrips Channel::round_trips() const {
  return phase_ == Phase::open ? sample_round_trips(handle_) : RoundTrips();
}

}  // namespace holdfast::channel
