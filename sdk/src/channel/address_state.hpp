// The addresses at which a device has found its brokers, as they are kept
// (docs/formats/address_state.md). Pure.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <holdfast/limits.hpp>

#include "channel/addresses.hpp"
#include "resumption/moment.hpp"

namespace holdfast::channel {

struct AddressRow {
  std::string host;
  std::uint16_t port = 0;
  asio::ip::address address;
  resumption::Moment learned;  ///< when a name server named it; all zero: nobody knows

  bool operator==(const AddressRow&) const = default;
};

/// The broker and those that stand in for it.
inline constexpr std::size_t kMaxAddressRows = 1 + limits::kMaxFallbackBrokers;

/// How long ago that was; empty where no clock has measured it: across a reboot only one that is
/// trusted has.
std::optional<std::chrono::seconds> age_of(const resumption::Moment& learned,
                                           const resumption::Moment& now);
/// The moment that was so long ago.
resumption::Moment moment_before(const resumption::Moment& now, std::chrono::seconds age);

/// Whether a later process can connect to it: an address that is of use on one interface alone
/// cannot be told from the bytes of it.
bool can_be_kept(const asio::ip::address& address);

/// The addresses, the one that was used last first; bounded by `kMaxAddressRows`.
class AddressTable {
 public:
  const AddressRow* find(const std::string& host, std::uint16_t port) const;
  /// The row of this name is the first now. @return whether that is worth writing down: another
  /// address, or one that was named at least an hour later
  bool put(AddressRow row);

  const std::vector<AddressRow>& rows() const { return rows_; }

  bool operator==(const AddressTable&) const = default;

 private:
  std::vector<AddressRow> rows_;
};

std::vector<std::uint8_t> encode_addresses(const AddressTable& table);

/// Empty, and `why` set, if it is no such state.
std::optional<AddressTable> decode_addresses(std::span<const std::uint8_t> bytes, std::string& why);

}  // namespace holdfast::channel
