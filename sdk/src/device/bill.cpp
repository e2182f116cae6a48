#include "device/bill.hpp"

namespace holdfast::device {

void add_to(Ledger& ledger, const channel::ChannelBill& bill) {
  if (bill.connected) ++ledger.connections;
  if (bill.handshaken) ++(bill.resumed ? ledger.resumed_handshakes : ledger.full_handshakes);
  ledger.ip_bytes_up += bill.wire.ip_bytes_up;
  ledger.ip_bytes_down += bill.wire.ip_bytes_down;
  ledger.segments_up += bill.wire.segments_up;
  ledger.segments_down += bill.wire.segments_down;
  ledger.tls_bytes_up += bill.tls_bytes_up;
  ledger.tls_bytes_down += bill.tls_bytes_down;
  ledger.tls_records_up += bill.tls_records_up;
}

}  // namespace holdfast::device
