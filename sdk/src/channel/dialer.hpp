// Gets from a broker's name to a verified channel: every address of the name is tried in turn, and
// on every one the same check of the key is made.
//
// The address that worked last, perhaps in an earlier process, is tried first, and the name is
// asked for only when it fails or has grown old (address_memory.hpp). With a proxy the addresses
// are the proxy's, and the broker's name is its business.
//
// In turn and not in parallel: a race of connections costs a metered link the bytes of the losers.
//
// Threads: the executor's thread only.

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <vector>

#include <asio/steady_timer.hpp>

#include <holdfast/status.hpp>

#include "channel/address_memory.hpp"
#include "channel/addresses.hpp"
#include "channel/broker_url.hpp"
#include "channel/channel.hpp"
#include "channel/reach.hpp"
#include "channel/resolver.hpp"

namespace holdfast::channel {

/// How much a failure tells: of several, the app hears of the one that says most, a wrong key
/// before a broken handshake before an address that does not answer.
int weight(const Failure& failure);

class Dialer {
 public:
  /// Either an open channel, which does not read until it is told to, or a failure.
  using Handler = std::function<void(std::shared_ptr<Channel>, Failure)>;
  struct Events {
    /// What each connection that did not become the result has cost.
    std::function<void(const ChannelBill&)> bill;
    /// What the lookup of its name has cost, at most.
    std::function<void(const Account&)> looked_up;
    /// The key that a broker showed and that no pin matches.
    std::function<void(const pinning::Pin&)> refused_key;
    /// What an operator should know; a sentence.
    std::function<void(std::string)> warning;
  };

  Dialer(const asio::any_io_executor& executor, BrokerUrl broker, const Timeouts& timeouts,
         TlsPolicy policy, Events events, Lookup lookup = system_lookup, const Reach& reach = {});
  ~Dialer();
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

  /// Offers tickets from here, and brings those that come; they must outlive the connections.
  void use_tickets(Tickets& tickets) { tickets_ = &tickets; }

  /// Begins with the address that is known from here, and brings the one that worked; they must
  /// outlive this.
  void use_addresses(Addresses& addresses) { addresses_ = &addresses; }

  /// One attempt at a time; answers once, unless cancelled. Every address is judged by `keys`.
  void dial(pinning::SharedKeys keys, Handler handler);
  void cancel();

 private:
  void look_at_identity();
  void recall_address();
  void note_address(const asio::ip::tcp::endpoint& endpoint);
  void try_first(const asio::ip::tcp::endpoint& endpoint);
  void look_up();
  void resolved(Endpoints endpoints, Failure failure);
  void try_next();
  void open_channel();
  void attempt_failed(Failure failure);
  void give_up();
  void answer(Failure failure);

  asio::any_io_executor executor_;
  BrokerUrl broker_;
  BrokerUrl target_;  // of the TCP connection: the broker's, or the proxy's
  Timeouts timeouts_;
  Events events_;
  TlsPolicy policy_;
  std::optional<IdentityFiles> identity_files_;
  std::chrono::steady_clock::time_point asked_{};  // for the name
  std::optional<TlsContext> tls_;  // made anew when the client certificate was exchanged
  Route route_;
  Tickets* tickets_ = nullptr;
  Resolver resolver_;
  AddressMemory memory_;
  Addresses* addresses_ = nullptr;
  bool recalled_ = false;
  asio::steady_timer timer_;
  // Answers of an attempt that was cancelled may still be on their way; the token tells them apart.
  std::shared_ptr<bool> attempt_;
  Handler handler_;
  pinning::SharedKeys keys_;
  Endpoints endpoints_;  // still to be tried
  Endpoints tried_;
  bool looked_up_ = false;
  Failure lookup_failure_;
  Failure worst_;
  std::shared_ptr<Channel> channel_;
};

}  // namespace holdfast::channel
