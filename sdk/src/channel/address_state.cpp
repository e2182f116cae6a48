#include "channel/address_state.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <flatbuffers/flatbuffers.h>

#include <holdfast/payload.hpp>

#include "address_state_generated.h"

namespace holdfast::channel {
namespace {

using std::chrono::seconds;

// A name of DNS has at most 253 characters; more is no name.
constexpr std::size_t kMaxNameBytes = 255;
// A flash is not worn for an age that is a little more exact.
constexpr seconds kWorthWriting = std::chrono::hours(1);

std::vector<std::uint8_t> bytes_of(const asio::ip::address& address) {
  const auto copy = [](const auto& bytes) {
    return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
  };
  return address.is_v4() ? copy(address.to_v4().to_bytes()) : copy(address.to_v6().to_bytes());
}

template <class Address>
asio::ip::address address_from(const flatbuffers::Vector<std::uint8_t>& bytes) {
  typename Address::bytes_type copy{};
  std::copy(bytes.begin(), bytes.end(), copy.begin());
  return Address(copy);
}

std::optional<asio::ip::address> read_address(const flatbuffers::Vector<std::uint8_t>* bytes) {
  if (bytes == nullptr) return std::nullopt;
  std::optional<asio::ip::address> address;
  if (bytes->size() == 4) address = address_from<asio::ip::address_v4>(*bytes);
  if (bytes->size() == 16) address = address_from<asio::ip::address_v6>(*bytes);
  return address && can_be_kept(*address) ? address : std::nullopt;
}

// @return why it is none, or nothing.
std::string read_row(const wire::KnownAddress& table, AddressRow& row) {
  row.host = table.host() == nullptr ? "" : table.host()->str();
  row.port = table.port();
  if (row.host.empty() || row.host.size() > kMaxNameBytes || row.port == 0) {
    return "a name or a port in it is none";
  }
  const auto address = read_address(table.address());
  if (!address) return "an address in it is none";
  row.address = *address;
  row.learned = {{table.boot_high(), table.boot_low()}, table.uptime(), table.wall()};
  return {};
}

bool is_worth_writing(const resumption::Moment& kept, const resumption::Moment& learned) {
  const resumption::Moment unknown;
  if (kept == unknown || learned == unknown) return kept != learned;
  // The same moment, a second earlier by rounding.
  if (age_of(learned, kept)) return false;
  const auto newer = age_of(kept, learned);
  return !newer || *newer >= kWorthWriting;
}

}  // namespace

std::optional<seconds> age_of(const resumption::Moment& learned, const resumption::Moment& now) {
  const bool by_boot =
      learned.boot.known() && learned.boot == now.boot && now.uptime >= learned.uptime;
  const bool by_wall = learned.wall != 0 && now.wall >= learned.wall;
  if (!by_boot && !by_wall) return std::nullopt;
  // Older than any lifetime is old enough: numbers from a file shall not overflow a time.
  constexpr auto kMost =
      static_cast<std::uint64_t>(2 * seconds(limits::kMaxAddressLifetime).count());
  return seconds(static_cast<seconds::rep>(std::min(resumption::passed(learned, now), kMost)));
}

resumption::Moment moment_before(const resumption::Moment& now, seconds age) {
  const auto passed = static_cast<std::uint64_t>(std::max<seconds::rep>(age.count(), 0));
  resumption::Moment moment;
  if (now.boot.known() && now.uptime >= passed) {
    moment.boot = now.boot;
    moment.uptime = now.uptime - passed;
  }
  if (now.wall > passed) moment.wall = now.wall - passed;
  return moment;
}

bool can_be_kept(const asio::ip::address& address) {
  if (address.is_unspecified() || address.is_multicast()) return false;
  return !address.is_v6() || !address.to_v6().is_link_local();
}

const AddressRow* AddressTable::find(const std::string& host, std::uint16_t port) const {
  const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const AddressRow& row) {
    return row.host == host && row.port == port;
  });
  return found == rows_.end() ? nullptr : &*found;
}

bool AddressTable::put(AddressRow row) {
  const auto found = std::find_if(rows_.begin(), rows_.end(), [&row](const AddressRow& other) {
    return other.host == row.host && other.port == row.port;
  });
  if (found == rows_.end()) {
    rows_.insert(rows_.begin(), std::move(row));
    if (rows_.size() > kMaxAddressRows) rows_.pop_back();
    return true;
  }
  std::rotate(rows_.begin(), found, found + 1);
  AddressRow& kept = rows_.front();
  const bool worth = kept.address != row.address || is_worth_writing(kept.learned, row.learned);
  // What is not written is not taken either: small steps add up.
  if (worth) kept = std::move(row);
  return worth;
}

std::vector<std::uint8_t> encode_addresses(const AddressTable& table) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<wire::KnownAddress>> rows;
  for (const AddressRow& row : table.rows()) {
    const auto host = builder.CreateString(row.host);
    const auto address = builder.CreateVector(bytes_of(row.address));
    rows.push_back(wire::CreateKnownAddress(builder, host, row.port, address, row.learned.boot.high,
                                            row.learned.boot.low, row.learned.uptime,
                                            row.learned.wall));
  }
  builder.Finish(wire::CreateAddressState(builder, builder.CreateVector(rows)),
                 Schema<wire::AddressState>::identifier.data());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

std::optional<AddressTable> decode_addresses(std::span<const std::uint8_t> bytes,
                                             std::string& why) {
  std::error_code error;
  const auto* state = verify<wire::AddressState>(std::as_bytes(bytes), error);
  if (state == nullptr) {
    why = "they are no state of addresses: " + error.message();
    return std::nullopt;
  }
  AddressTable table;
  if (state->addresses() == nullptr) return table;
  if (state->addresses()->size() > kMaxAddressRows) {
    why = "there are too many of them";
    return std::nullopt;
  }
  // From behind: what is put in last is the first.
  for (auto at = state->addresses()->size(); at > 0; --at) {
    AddressRow row;
    why = read_row(*state->addresses()->Get(at - 1), row);
    if (why.empty() && table.find(row.host, row.port) != nullptr) why = "a name is in it twice";
    if (!why.empty()) return std::nullopt;
    table.put(std::move(row));
  }
  return table;
}

}  // namespace holdfast::channel
