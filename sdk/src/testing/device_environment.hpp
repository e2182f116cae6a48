// The environment of one device of a world: the world's clock, its driver, its lines.
//
// Threads: the world's own; what Surroundings says, any.

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "device/environment.hpp"
#include "testing/world_state.hpp"

namespace holdfast::device {
class Core;
}

namespace holdfast::testing {

class DeviceEnvironment final : public device::Environment, public Driver {
 public:
  DeviceEnvironment(std::shared_ptr<WorldState> world, const Options& options)
      : world_(std::move(world)), client_id_(options.client_id), state_dir_(options.state_dir) {}

  // Surroundings.
  Instant now() const override { return world_->now(); }
  std::uint64_t draw() override { return world_->draw(); }
  Driver* driver() override { return this; }

  // Driver.
  void add(Task& task, std::string_view what) override;
  void remove(Task& task) override { world_->remove(task); }
  bool run_until(Instant deadline, const std::function<bool()>& done) override {
    return world_->run_until(deadline, done);
  }

  // Environment.
  std::optional<std::uint64_t> wall_ms() const override;
  resumption::BootId boot() const override { return {.high = 0x686f6c64, .low = 0x66617374}; }
  std::chrono::milliseconds since_boot() const override;
  void when_ready(std::function<void()> ready) override { ready(); }
  std::unique_ptr<device::Dialler> dialler(const asio::any_io_executor& executor,
                                           const device::Settings& settings,
                                           channel::BrokerUrl broker, channel::TlsPolicy policy,
                                           device::Dialler::Events events) override;
  std::shared_ptr<void> watch_network(const asio::any_io_executor& executor,
                                      std::function<void(channel::NetworkChanges::Seen)> handler,
                                      Failure& failure) override;

  // The world's.
  WorldState& world() { return *world_; }
  void made(const std::shared_ptr<device::Core>& core) { core_ = core; }
  /// Empty for one that is gone.
  std::shared_ptr<device::Core> core() const { return core_.lock(); }
  /// The device is billed for so many bytes more.
  void spend(std::uint64_t bytes);
  void network_appears();
  const std::filesystem::path& state_dir() const { return state_dir_; }

 private:
  using NetworkHandler = std::function<void(channel::NetworkChanges::Seen)>;

  std::shared_ptr<WorldState> world_;
  const std::string client_id_;
  const std::filesystem::path state_dir_;
  std::weak_ptr<device::Core> core_;
  std::function<void(const channel::ChannelBill&)> bill_;
  std::weak_ptr<NetworkHandler> watcher_;
};

}  // namespace holdfast::testing
