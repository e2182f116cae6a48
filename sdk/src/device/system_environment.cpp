#include "device/system_environment.hpp"

#include <array>
#include <bit>
#include <chrono>
#include <utility>

#include "channel/network_key.hpp"
#include "channel/network_watch.hpp"
#include "channel/resolver.hpp"
#include "crypto/random.hpp"
#include "device/boot_time.hpp"
#include "device/check_options.hpp"
#include "device/paho_link.hpp"
#include "device/trusted_time.hpp"
#include "mqtt/paho_runtime.hpp"

namespace holdfast::device {
namespace {

class TlsConnection final : public Connection {
 public:
  TlsConnection(asio::any_io_executor executor, std::shared_ptr<channel::Channel> channel)
      : executor_(std::move(executor)), channel_(std::move(channel)) {}

  pinning::TrustedKeys::Match vouching() const override { return channel_->vouching(); }
  std::vector<pinning::Pin> proven_pins() const override { return channel_->proven_pins(); }
  bool resumed() const override { return channel_->resumed(); }
  std::string address() const override { return channel_->address(); }
  std::uint64_t network() const override { return channel::network_key(channel_->local_address()); }
  channel::ChannelBill bill() const override { return channel_->bill(); }
  void drop() override { channel_->drop(); }

  std::shared_ptr<Link> log_in(mqtt_engine::Login login, LinkEvents events) override {
    auto link =
        std::make_shared<PahoLink>(executor_, channel_, std::move(login), std::move(events));
    link->start();
    return link;
  }

 private:
  asio::any_io_executor executor_;
  std::shared_ptr<channel::Channel> channel_;
};

class TlsDialler final : public Dialler {
 public:
  TlsDialler(const asio::any_io_executor& executor, const Settings& settings,
             channel::BrokerUrl broker, channel::TlsPolicy policy, Events events)
      : executor_(executor),
        dialer_(executor, std::move(broker), settings.options.timeouts, std::move(policy),
                std::move(events), channel::system_lookup, settings.reach) {}

  void use_tickets(channel::Tickets& tickets) override { dialer_.use_tickets(tickets); }
  void use_addresses(channel::Addresses& addresses) override { dialer_.use_addresses(addresses); }

  void dial(pinning::SharedKeys keys, Handler handler) override {
    dialer_.dial(std::move(keys), [executor = executor_, handler = std::move(handler)](
                                      std::shared_ptr<channel::Channel> channel, Failure failure) {
      std::shared_ptr<Connection> connection;
      if (channel) {
        connection = std::make_shared<TlsConnection>(executor, std::move(channel));
      }
      handler(std::move(connection), std::move(failure));
    });
  }

  void cancel() override { dialer_.cancel(); }

 private:
  asio::any_io_executor executor_;
  channel::Dialer dialer_;
};

class SystemEnvironment final : public Environment {
 public:
  Instant now() const override { return std::chrono::steady_clock::now(); }

  std::uint64_t draw() override {
    std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
    crypto::fill_with_random(bytes);
    return std::bit_cast<std::uint64_t>(bytes);
  }

  std::optional<std::uint64_t> wall_ms() const override { return synchronised_system_time(); }
  resumption::BootId boot() const override { return this_boot(); }
  std::chrono::milliseconds since_boot() const override { return time_since_boot(); }

  // Without the waker Paho may take seconds to notice a new connection: it is worth the few
  // milliseconds that it takes to stand, once in a process.
  void when_ready(std::function<void()> ready) override {
    mqtt_engine::PahoRuntime::instance().when_ready(std::move(ready));
  }

  std::unique_ptr<Dialler> dialler(const asio::any_io_executor& executor, const Settings& settings,
                                   channel::BrokerUrl broker, channel::TlsPolicy policy,
                                   Dialler::Events events) override {
    return std::make_unique<TlsDialler>(executor, settings, std::move(broker), std::move(policy),
                                        std::move(events));
  }

  std::shared_ptr<void> watch_network(const asio::any_io_executor& executor,
                                      std::function<void(channel::NetworkChanges::Seen)> handler,
                                      Failure& failure) override {
    auto watch = std::make_shared<channel::NetworkWatch>(executor, std::move(handler));
    failure = watch->start();
    return watch;
  }
};

}  // namespace

std::uint64_t system_time_ns() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(since_1970).count());
}

Environment& system_environment() {
  static SystemEnvironment environment;
  return environment;
}

}  // namespace holdfast::device
