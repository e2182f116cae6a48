#include "device/address_keeper.hpp"

#include <chrono>
#include <utility>

#include "device/kept.hpp"

namespace holdfast::device {
namespace {

constexpr unsigned kStateFormat = 1;

}  // namespace

AddressKeeper::AddressKeeper(const Settings& settings, Shared& shared, Clock clock)
    : shared_(shared),
      clock_(std::move(clock)),
      slots_(slots_in(settings, "address", kStateFormat)),
      table_(load_kept(slots_, channel::decode_addresses, "the stored addresses of brokers are",
                       "their names are looked up", remark_)
                 .value_or(channel::AddressTable())) {}

void AddressKeeper::begin() {
  if (!remark_.empty()) shared_.emit(EventKind::warning, {}, std::exchange(remark_, {}));
}

std::optional<channel::Addresses::Known> AddressKeeper::recall(const std::string& host,
                                                               std::uint16_t port) {
  const channel::AddressRow* row = table_.find(host, port);
  if (row == nullptr) return std::nullopt;
  return Known{.address = row->address, .age = channel::age_of(row->learned, clock_())};
}

void AddressKeeper::worked(const std::string& host, std::uint16_t port, const Known& known) {
  if (!slots_ || !channel::can_be_kept(known.address)) return;
  channel::AddressRow row{.host = host, .port = port, .address = known.address, .learned = {}};
  if (known.age) row.learned = channel::moment_before(clock_(), *known.age);
  if (!table_.put(std::move(row))) return;
  const Failure failure = slots_->store(channel::encode_addresses(table_));
  if (failure && !std::exchange(warned_, true)) {
    shared_.emit(EventKind::warning, failure.error,
                 "addresses of brokers cannot be kept, and are looked up after a restart: " +
                     failure.detail);
  }
}

}  // namespace holdfast::device
