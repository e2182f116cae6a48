#include "testing/line_bill.hpp"

#include <holdfast/limits.hpp>

namespace holdfast::testing {
namespace {

// The full handshake of docs/BENCHMARKS.md, 936 bytes with a P-256 leaf: ClientHello, the server's
// flight, Finished. Then two tickets.
constexpr std::size_t kHelloBytes = 230;
constexpr std::size_t kServerBytes = 648;
constexpr std::size_t kFinishedBytes = 58;
constexpr std::size_t kTicketBytes = 510;
// close_notify in a record, both ways.
constexpr std::size_t kCloseNotifyBytes = 24;
// Of a SYN beyond the header of every segment.
constexpr std::size_t kSynOptions = 8;

std::size_t divide_up(std::size_t number, std::size_t by) {
  return (number + by - 1) / by;
}

}  // namespace

void LineBill::carry(ledger::WireBytes& side, std::size_t bytes) {
  const std::size_t segments = divide_up(bytes, path_.segment_payload_bytes());
  side.segments += segments;
  side.headers += segments * path_.header_bytes();
  side.carried += bytes;
}

void LineBill::unanswered(std::size_t syns) {
  bill_.wire.up.segments += syns;
  bill_.wire.up.headers += path_.header_bytes() + kSynOptions;
  bill_.wire.up.repeated += (syns - 1) * (path_.header_bytes() + kSynOptions);
}

void LineBill::connected(std::size_t syns) {
  if (syns > 1) {
    bill_.wire.up.segments += syns - 1;
    bill_.wire.up.repeated += (syns - 1) * (path_.header_bytes() + kSynOptions);
  }
  for (ledger::WireBytes* side : {&bill_.wire.up, &bill_.wire.down}) {
    ++side->segments;
    side->headers += path_.header_bytes() + kSynOptions;
  }
  bill_.connected = true;
  bill_.set_up_ip_bytes = bill_.wire.ip_bytes();
}

void LineBill::handshaken(bool proven) {
  carry(bill_.wire.up, kHelloBytes);
  acknowledged_down();
  carry(bill_.wire.down, kServerBytes);
  acknowledged_up();
  bill_.tls_bytes_up += kHelloBytes;
  bill_.tls_bytes_down += kServerBytes;
  bill_.handshake_bytes_up += kHelloBytes;
  bill_.handshake_bytes_down += kServerBytes;
  bill_.handshake_bytes = kHelloBytes + kServerBytes;
  if (!proven) return;
  // Finished travels with the login.
  bill_.wire.up.carried += kFinishedBytes;
  bill_.tls_bytes_up += kFinishedBytes;
  bill_.handshake_bytes_up += kFinishedBytes;
  bill_.handshake_bytes += kFinishedBytes;
  carry(bill_.wire.down, kTicketBytes);
  acknowledged_up();
  bill_.tls_bytes_down += kTicketBytes;
  bill_.ticket_bytes_down += kTicketBytes;
  bill_.handshaken = true;
}

void LineBill::sent(std::size_t mqtt_bytes) {
  const std::size_t records = divide_up(mqtt_bytes, limits::kMaxRecordBytes);
  const std::size_t bytes = mqtt_bytes + records * path_.record_bytes;
  carry(bill_.wire.up, bytes);
  bill_.tls_bytes_up += bytes;
  bill_.tls_records_up += records;
}

void LineBill::came(std::size_t mqtt_bytes, std::size_t records) {
  const std::size_t bytes = mqtt_bytes + records * path_.record_bytes;
  carry(bill_.wire.down, bytes);
  bill_.tls_bytes_down += bytes;
  acknowledged_up();
}

void LineBill::acknowledged_up() {
  ++bill_.wire.up.segments;
  bill_.wire.up.headers += path_.header_bytes();
}

void LineBill::acknowledged_down() {
  ++bill_.wire.down.segments;
  bill_.wire.down.headers += path_.header_bytes();
}

void LineBill::repeated(std::size_t mqtt_bytes) {
  const std::size_t bytes = mqtt_bytes + path_.record_bytes;
  const std::size_t segments = divide_up(bytes, path_.segment_payload_bytes());
  bill_.wire.up.segments += segments;
  bill_.wire.up.repeated += bytes + segments * path_.header_bytes();
}

void LineBill::probed(bool answered) {
  ++bill_.wire.up.segments;
  bill_.wire.up.probes += path_.header_bytes();
  if (!answered) return;
  ++bill_.wire.down.segments;
  bill_.wire.down.probes += path_.header_bytes();
}

void LineBill::closed() {
  for (ledger::WireBytes* side : {&bill_.wire.up, &bill_.wire.down})
    carry(*side, kCloseNotifyBytes);
  bill_.tls_bytes_up += kCloseNotifyBytes;
  bill_.tls_bytes_down += kCloseNotifyBytes;
  bill_.handshake_bytes_up += kCloseNotifyBytes;
  bill_.handshake_bytes_down += kCloseNotifyBytes;
  acknowledged_up();
}

channel::ChannelBill LineBill::bill() const {
  return bill_;
}

}  // namespace holdfast::testing
