// The addresses at which the brokers were found (channel/address_state.hpp), kept across restarts:
// a device that is started anew needs no name server.
//
// Threads: the worker's thread only; the constructor anywhere. It is written when a broker was
// found somewhere else, and when a name server has named its address anew, at most once an hour.

#pragma once

#include <functional>
#include <optional>
#include <string>

#include "channel/address_state.hpp"
#include "channel/addresses.hpp"
#include "device/check_options.hpp"
#include "device/shared.hpp"
#include "state/slots.hpp"

namespace holdfast::device {

class AddressKeeper : public channel::Addresses {
 public:
  using Clock = std::function<resumption::Moment()>;

  AddressKeeper(const Settings& settings, Shared& shared, Clock clock);

  /// Tells what was found on the disk. Once.
  void begin();

  std::optional<Known> recall(const std::string& host, std::uint16_t port) override;
  void worked(const std::string& host, std::uint16_t port, const Known& known) override;

 private:
  Shared& shared_;
  Clock clock_;
  std::optional<state::Slots> slots_;
  std::string remark_;  // on what was found on the disk
  channel::AddressTable table_;
  bool warned_ = false;  // that the disk does not take them
};

}  // namespace holdfast::device
