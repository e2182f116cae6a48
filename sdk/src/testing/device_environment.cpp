#include "testing/device_environment.hpp"

#include <chrono>
#include <utility>

#include "device/check_options.hpp"
#include "device/core.hpp"
#include "testing/scripted_dialler.hpp"

namespace holdfast::testing {
namespace {

// A machine that is up for a while when the test begins.
constexpr std::chrono::hours kUpBefore{1};

}  // namespace

void DeviceEnvironment::add(Task& task, std::string_view what) {
  world_->add(task, std::string(what) + " of \"" + client_id_ + "\"");
}

std::optional<std::uint64_t> DeviceEnvironment::wall_ms() const {
  if (!world_->clock_is_known()) return std::nullopt;
  const auto since = world_->date().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

std::chrono::milliseconds DeviceEnvironment::since_boot() const {
  return kUpBefore + std::chrono::floor<std::chrono::milliseconds>(world_->age());
}

std::unique_ptr<device::Dialler> DeviceEnvironment::dialler(
    const asio::any_io_executor& /*executor*/, const device::Settings& settings,
    channel::BrokerUrl broker, channel::TlsPolicy /*policy*/, device::Dialler::Events events) {
  if (!bill_) bill_ = events.bill;
  return std::make_unique<ScriptedDialler>(*this, settings.options.timeouts, std::move(broker),
                                           std::move(events));
}

std::shared_ptr<void> DeviceEnvironment::watch_network(const asio::any_io_executor& /*executor*/,
                                                       NetworkHandler handler,
                                                       Failure& /*failure*/) {
  auto watcher = std::make_shared<NetworkHandler>(std::move(handler));
  watcher_ = watcher;
  return watcher;
}

// As an attempt that failed: the bill of a device has all its bytes, whatever they were for.
void DeviceEnvironment::spend(std::uint64_t bytes) {
  const auto device = core();
  if (!device) return;
  channel::ChannelBill bill;
  bill.wire.up.repeated = bytes;
  bill_(bill);
  device->wake();
}

void DeviceEnvironment::network_appears() {
  if (const auto watcher = watcher_.lock()) (*watcher)({.appeared = true, .went = false});
}

}  // namespace holdfast::testing
