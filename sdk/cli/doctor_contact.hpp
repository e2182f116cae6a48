// One connection of `holdfast doctor`, as a device makes it: TCP, the tunnel through a proxy, TLS
// up to the verdict, and the tickets that follow it.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <asio/io_context.hpp>

#include "channel/channel.hpp"
#include "device/check_options.hpp"
#include "dial.hpp"
#include "doctor_report.hpp"

namespace holdfast::cli {

/// Lets things happen until it is done. @return whether it is, by the deadline
bool run_until(asio::io_context& io, const std::function<bool()>& done, Deadline deadline);

class Contact {
 public:
  /// All of them must outlive it. @param settings checked
  Contact(asio::io_context& io, const channel::TlsContext& tls, const device::Settings& settings,
          const channel::BrokerUrl& broker, channel::Tickets& tickets);
  ~Contact();
  Contact(const Contact&) = delete;
  Contact& operator=(const Contact&) = delete;

  void open(const asio::ip::tcp::endpoint& endpoint);

  // In this order, the second only through a proxy. False: it has ended before, see `why`.
  bool await_tcp(Deadline deadline);
  bool await_tunnel(Deadline deadline);
  bool await_verdict(Deadline deadline);
  /// Those that come by themselves; ends when nothing more does.
  bool await_tickets(Deadline deadline);

  /// Ends TLS and TCP in order, and waits for it.
  void close();
  /// Ends it at once.
  void drop() { channel_->drop(); }

  /// Why it has ended; empty while it has not.
  const std::optional<Failure>& why() const { return why_; }
  /// Of the step that was waited for last.
  Time time() const { return time_; }
  const channel::Channel& channel() const { return *channel_; }
  channel::ChannelBill bill() const { return channel_->bill(); }

  /// The verified channel, for whoever logs in over it; it does not read until it is told to.
  std::shared_ptr<channel::Channel> release();

 private:
  bool await(const std::function<bool()>& done, Deadline deadline, const char* what);

  asio::io_context& io_;
  std::shared_ptr<channel::Channel> channel_;
  bool opened_ = false;
  std::optional<Failure> why_;
  Time time_{};
};

}  // namespace holdfast::cli
