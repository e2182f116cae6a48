// The steps of `holdfast doctor` on one connection: TCP, TLS, the pin, tickets, the MQTT login and
// the round trip of a publish. It is the device's own way (channel, relay, Paho), step by step.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include "channel/channel.hpp"
#include "device/check_options.hpp"
#include "device/link.hpp"
#include "dial.hpp"
#include "doctor_report.hpp"

namespace holdfast::cli {

class Examination {
 public:
  /// @param settings checked; the client identifier is one of nobody else's
  Examination(const device::Settings& settings, const asio::ip::tcp::endpoint& endpoint,
              Deadline deadline, Report& report);
  ~Examination();

  // In this order. Each reports its steps. @throws StepFailed
  void connect();
  void await_tickets();
  void log_in();
  void publish(const std::string& topic);
  /// Whether the broker keeps small packets back.
  void judge_delay();
  void close();

  /// TLS bytes of the handshake, both ways.
  std::uint64_t handshake_bytes() const { return handshake_bytes_; }
  /// Of all that was done so far, IP bytes of both ways.
  std::uint64_t ip_bytes() const;

 private:
  template <class Done>
  bool run_until(Done done, Deadline deadline);
  channel::ChannelBill bill() const;
  void await_verdict();
  void report_handshake(Time time);
  void report_refused_key(const Failure& failure);
  void await_runtime();
  device::LinkEvents link_events();
  Deadline within(std::chrono::milliseconds time) const;

  const device::Settings& settings_;
  const asio::ip::tcp::endpoint endpoint_;
  const Deadline deadline_;
  Report& report_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  channel::TlsContext tls_;
  std::shared_ptr<channel::Channel> channel_;
  std::shared_ptr<device::Link> link_;

  // What the callbacks tell.
  bool opened_ = false;
  bool runtime_ready_ = false;
  std::optional<Failure> closed_;
  std::optional<mqtt_engine::Granted> granted_;
  std::optional<mqtt_engine::Acknowledgement> answer_;

  Time round_trip_{};  // of TCP's set-up
  unsigned packets_heard_ = 0;
  std::chrono::steady_clock::time_point answered_at_;
  std::chrono::steady_clock::time_point heard_at_;  // the last packet
  std::uint64_t handshake_bytes_ = 0;
};

}  // namespace holdfast::cli
