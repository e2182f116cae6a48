#include "device_run.hpp"

#include <utility>

#include "wire/interruption.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

using namespace std::chrono_literals;

// The device's events come on a thread of their own; what they change is looked at in these steps.
constexpr auto kStep = 5ms;
constexpr auto kSettled = 150ms;

}  // namespace

DeviceRun::DeviceRun(Options options) : device_(std::move(options)) {
  device_.on_event([this](const Event& event) { note(event); });
  device_.start();
}

DeviceRun::~DeviceRun() {
  device_.stop();
}

void DeviceRun::note(const Event& event) {
  if (event.kind == EventKind::connect_failed || event.kind == EventKind::key_refused) {
    const std::lock_guard lock(mutex_);
    trouble_ = event.detail;
  }
  changed_.notify_all();
}

void DeviceRun::wait_connected(Deadline deadline) {
  std::unique_lock lock(mutex_);
  while (device_.status().state != State::connected) {
    stop_if_interrupted();
    if (!trouble_.empty() || deadline.over()) {
      throw PeerError(Ending::unreachable, "the SDK's device did not connect: " +
                                               (trouble_.empty() ? "in time" : trouble_));
    }
    changed_.wait_for(lock, kStep);
  }
}

void DeviceRun::wait_delivered(std::uint64_t count, Deadline deadline) {
  std::unique_lock lock(mutex_);
  while (device_.status().counters.delivered < count) {
    stop_if_interrupted();
    if (deadline.over()) {
      throw PeerError(Ending::time_up,
                      "only " + std::to_string(device_.status().counters.delivered) + " of " +
                          std::to_string(count) + " messages were acknowledged in time");
    }
    changed_.wait_for(lock, kStep);
  }
}

Account DeviceRun::settled_bill(Deadline deadline) {
  Account bill = device_.ledger().connection;
  auto since = Clock::now();
  std::unique_lock lock(mutex_);
  while (Clock::now() - since < kSettled && !deadline.over()) {
    stop_if_interrupted();
    changed_.wait_for(lock, kStep);
    const Account now = device_.ledger().connection;
    if (now.ip_bytes().sum() != bill.ip_bytes().sum()) {
      bill = now;
      since = Clock::now();
    }
  }
  return bill;
}

}  // namespace holdfast::broker_test
