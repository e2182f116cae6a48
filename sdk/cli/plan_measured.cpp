#include "plan_measured.hpp"

#include "command.hpp"
#include "ledger/account.hpp"
#include "state/slots.hpp"

namespace holdfast::cli {
namespace {

// clang-tidy 14 does not see that `+=` of accounts is this.
// NOLINTNEXTLINE(misc-unused-using-decls)
using ledger::operator+=;

}  // namespace

MeasuredDevice measure(const ledger::BookState& book) {
  MeasuredDevice device;
  device.all = book.installation;
  const auto connections = static_cast<double>(device.all.connections);
  if (connections > 0) {
    const auto of_connection = [&](Cause cause) {
      return static_cast<double>(device.all[cause].sum()) / connections;
    };
    device.line.set_up_tls_bytes = of_connection(Cause::handshake) + of_connection(Cause::tickets);
    device.line.lookup_bytes = of_connection(Cause::dns);
  }
  const auto repeated = static_cast<double>(device.all[Cause::retransmission].sum());
  const auto once = static_cast<double>(device.all.ip_bytes().sum()) - repeated;
  if (once > 0) device.line.repeated_share = repeated / once;

  // The first and the last are not whole. A day between them without an account had no traffic.
  if (book.days.size() < 3) return device;
  const auto first = std::next(book.days.begin());
  const auto last = std::prev(book.days.end());
  Account dated;
  for (auto day = first; day != last; ++day) dated += day->second;
  device.days = last->first - book.days.begin()->first - 1;
  device.bytes_per_day = static_cast<double>(dated.ip_bytes().sum()) / device.days;
  device.connections_per_day = static_cast<double>(dated.connections) / device.days;
  device.line.reconnects_per_day = device.connections_per_day;
  return device;
}

MeasuredDevice read_measured(const std::string& state_dir) {
  const auto content = state::Slots::peek(state_dir, ledger::kBookName, ledger::kBookFormat);
  if (!content) {
    refuse("--measured holds no ledger", state_dir,
           "name the state_dir of a device that has run for an hour, or was stopped in order");
  }
  std::string why;
  const auto book = ledger::decode_book(*content, why);
  if (!book)
    refuse("the ledger cannot be read: " + why, state_dir, "was it written by a newer SDK?");
  if (book->installation.connections == 0) {
    refuse("the ledger has no connection", state_dir, "let the device reach its broker first");
  }
  return measure(*book);
}

}  // namespace holdfast::cli
