// The steps of `holdfast doctor` on the connections to one broker: TCP, proxy, TLS, the pin,
// tickets and resumption, the MQTT login and the round trip of a publish. It is the device's own
// way (channel, relay, Paho), step by step.

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include "channel/resolver.hpp"
#include "device/check_options.hpp"
#include "device/paho_link.hpp"
#include "dial.hpp"
#include "doctor_contact.hpp"
#include "doctor_report.hpp"
#include "doctor_step.hpp"
#include "doctor_tickets.hpp"

namespace holdfast::cli {

/// Whom the steps rest on.
enum class Trust {
  pins,    ///< those of the settings
  nobody,  ///< no pin was given: the key is looked at, and refused
};

class Examination {
 public:
  /// @param settings checked; the client identifier is one of nobody else's
  Examination(const device::Settings& settings, const channel::BrokerUrl& broker, Trust trust,
              Deadline deadline, Report& report);
  ~Examination();

  // In this order; `resume` is called once there is a ticket, or in the end. Each reports its
  // steps.
  // @throws StepFailed

  /// The first of these addresses that answers.
  void connect(const channel::Endpoints& addresses);
  void await_tickets();
  /// One more connection, which offers a ticket.
  void resume();
  void log_in();
  void publish(const std::string& topic);
  /// Whether the broker keeps small packets back.
  void judge_delay();
  void close();

  /// Where it is connected to.
  const asio::ip::tcp::endpoint& endpoint() const { return endpoint_; }
  /// TLS bytes of the handshake, both ways.
  std::uint64_t handshake_bytes() const { return full_.tls_bytes; }
  /// The key that was shown, as far as it came to that.
  const std::string& seen_pin() const { return seen_pin_; }
  bool has_ticket() const { return tickets_.has_one(); }

 private:
  bool run_until(const std::function<bool()>& done, Deadline deadline);
  channel::ChannelBill bill() const;
  std::uint64_t take_bytes();
  [[noreturn]] void fail(Step step, const Failure& failure, Where where);
  void await_tcp(const channel::Endpoints& addresses);
  void report_tcp(Step tcp, const std::string& in_vain);
  void await_tunnel();
  void await_verdict();
  void report_handshake(Time time);
  void report_refused_key(const Failure& failure, Time time);
  std::uint64_t hang_up();
  void await_runtime();
  device::LinkEvents link_events();
  Deadline within(std::chrono::milliseconds time) const;

  const device::Settings& settings_;
  const channel::BrokerUrl& broker_;
  const Trust trust_;
  const Deadline deadline_;
  Report& report_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  channel::TlsContext tls_;
  MemoryTickets tickets_;
  asio::ip::tcp::endpoint endpoint_;
  std::optional<Contact> contact_;  // until the login
  std::shared_ptr<device::PahoLink> link_;

  // What the callbacks tell.
  bool runtime_ready_ = false;
  std::optional<Failure> closed_;
  std::optional<mqtt_engine::Granted> granted_;
  std::optional<mqtt_engine::Acknowledgement> answer_;

  Time round_trip_{};  // of TCP's set-up
  unsigned packets_heard_ = 0;
  std::chrono::steady_clock::time_point answered_at_;
  std::chrono::steady_clock::time_point heard_at_;  // the last packet
  SetUpCost full_;
  std::string seen_pin_;
  std::uint64_t told_bytes_ = 0;  // of IP, in the steps so far
};

}  // namespace holdfast::cli
