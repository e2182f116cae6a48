// Everything that a device takes from outside itself: time, threads, chance, and its way to
// brokers. A device of an app has the system's (system_environment.hpp), one of a test's world the
// world's (testing/device_environment.hpp). All else of a device is the same code in both.
//
// Threads: as in base/surroundings.hpp; what concerns the network is the worker's thread only.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/any_io_executor.hpp>

#include "base/failure.hpp"
#include "base/surroundings.hpp"
#include "channel/addresses.hpp"
#include "channel/broker_url.hpp"
#include "channel/channel.hpp"
#include "channel/dialer.hpp"
#include "channel/network_changes.hpp"
#include "channel/tickets.hpp"
#include "channel/tls_policy.hpp"
#include "device/link.hpp"
#include "pinning/trusted_keys.hpp"
#include "resumption/moment.hpp"

namespace holdfast::device {

struct Settings;

/// A connection whose broker has proved its key, and on which nobody has logged in yet.
class Connection {
 public:
  virtual ~Connection() = default;

  virtual pinning::TrustedKeys::Match vouching() const = 0;
  /// The keys that it rests on, the broker's own first.
  virtual std::vector<pinning::Pin> proven_pins() const = 0;
  /// Its TLS session is that of an earlier connection.
  virtual bool resumed() const = 0;
  /// The broker's, for a person.
  virtual std::string address() const = 0;
  /// A number that tells apart the networks that connections go through.
  virtual std::uint64_t network() const = 0;
  virtual channel::ChannelBill bill() const = 0;
  virtual void drop() = 0;

  /// Logs in; the connection is the link's from then on. Once.
  virtual std::shared_ptr<Link> log_in(mqtt_engine::Login login, LinkEvents events) = 0;
};

/// The way to one broker.
class Dialler {
 public:
  using Handler = std::function<void(std::shared_ptr<Connection>, Failure)>;
  using Events = channel::Dialer::Events;

  virtual ~Dialler() = default;
  /// They must outlive the connections, and this.
  virtual void use_tickets(channel::Tickets& tickets) = 0;
  virtual void use_addresses(channel::Addresses& addresses) = 0;
  /// One attempt at a time; answers once, in a turn of its own, unless cancelled.
  virtual void dial(pinning::SharedKeys keys, Handler handler) = 0;
  virtual void cancel() = 0;
};

class Environment : public Surroundings {
 public:
  /// Milliseconds since 1970 by the system's clock, if that is synchronised.
  virtual std::optional<std::uint64_t> wall_ms() const = 0;
  virtual resumption::BootId boot() const = 0;
  /// Time asleep included.
  virtual std::chrono::milliseconds since_boot() const = 0;

  /// Calls `ready` when links can be made, on any thread, perhaps at once.
  virtual void when_ready(std::function<void()> ready) = 0;
  /// @param policy the settings' own, but for a broker that is judged in another way
  virtual std::unique_ptr<Dialler> dialler(const asio::any_io_executor& executor,
                                           const Settings& settings, channel::BrokerUrl broker,
                                           channel::TlsPolicy policy, Dialler::Events events) = 0;
  /// Tells of changes of the host's network until what is returned is destroyed.
  virtual std::shared_ptr<void> watch_network(
      const asio::any_io_executor& executor,
      std::function<void(channel::NetworkChanges::Seen)> handler, Failure& failure) = 0;
};

}  // namespace holdfast::device
