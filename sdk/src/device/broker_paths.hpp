// The ways to a session: the broker and those that stand in for it. One attempt tries them in turn
// until one has proved a key, and every one is judged in the same way: by the keys that are
// trusted, or by pins of its own, less what was revoked.
//
// Threads: the executor's thread only.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "device/broker_order.hpp"
#include "device/check_options.hpp"
#include "device/environment.hpp"

namespace holdfast::device {

class BrokerPaths {
 public:
  using Handler = Dialler::Handler;
  struct Events {
    /// Of every path; `refused_key` only of those that the trusted keys judge.
    Dialler::Events dialler;
    /// This broker is tried now.
    std::function<void(const channel::BrokerUrl&)> trying;
  };

  BrokerPaths(Environment& environment, const asio::any_io_executor& executor,
              const Settings& settings, const Events& events);

  /// For every path; they must outlive this.
  void use_tickets(channel::Tickets& tickets);
  void use_addresses(channel::Addresses& addresses);

  /// One attempt at a time; answers once, unless cancelled.
  /// @param trusted what judges the brokers that have no pins of their own
  void dial(const pinning::SharedKeys& trusted, Instant now, Handler handler);
  void cancel();

  /// Whether any broker could be believed.
  bool can_dial(const pinning::SharedKeys& trusted);
  /// What judges the broker that was dialled last.
  const pinning::SharedKeys& keys(const pinning::SharedKeys& trusted);
  /// The broker that was dialled last is judged by pins of its own: what it shows says nothing
  /// about the trusted keys.
  bool has_own_pins() const { return !paths_[current_].pins.empty(); }
  /// That one.
  const channel::BrokerUrl& broker() const { return paths_[current_].broker; }
  /// Counts from 0, which is the first broker.
  std::size_t current() const { return current_; }

  void logged_in(Instant now) { order_.worked(current_, now); }
  void let_down() { order_.let_down(current_); }
  void begin_with_first() { order_.begin_with_first(); }

 private:
  struct Path {
    channel::BrokerUrl broker;
    std::vector<pinning::Pin> pins;  // of its own; empty: the trusted keys
    std::unique_ptr<Dialler> dialler;
    // What judges it, made of these trusted keys.
    pinning::SharedKeys made_of{};
    pinning::SharedKeys keys{};
  };

  const pinning::SharedKeys& keys_of(Path& path, const pinning::SharedKeys& trusted);
  void try_next();
  void answered(std::shared_ptr<Connection> connection, Failure failure);
  Failure sum_up();

  std::function<void(const channel::BrokerUrl&)> trying_;
  std::vector<Path> paths_;
  BrokerOrder order_;
  std::size_t current_ = 0;
  // Of the attempt.
  std::vector<std::size_t> left_;
  pinning::SharedKeys trusted_;
  Handler handler_;
  std::vector<Failure> failures_;
};

}  // namespace holdfast::device
