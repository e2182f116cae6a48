// The private pipe between Paho and the channel: Paho speaks plain MQTT into a loopback socket of
// this process, and the relay passes it on, packet by packet.
//
// Why a pipe: docs/decisions/0001-relay.md. Its rules:
//  - The listener is on 127.0.0.1, on an ephemeral port, and closes after one accept. A peer that
//  is
//    not a socket of this process is dropped and reported, and the wait goes on.
//  - Paho dials through "its proxy", which is the relay itself: so no proxy of the environment can
//  be
//    chosen. The relay answers that CONNECT line.
//  - PINGREQ of Paho's is answered here and never reaches the broker: the session owns keep-alive.
//  - Publishing is ours as well (docs/decisions/0007-publishing.md): packets of ours are put in
//  between
//    two of Paho's, and the broker's answers to them do not go to Paho.
//  - What is written in a burst is gathered into one TLS record; a lone packet goes out at once.
//  - It reads from Paho only while the wire takes more, and from the wire only while Paho does.
//  - An end is passed on after all bytes that came before it.
//
// Threads: the executor's thread only. One relay serves one connection (a generation).

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include <holdfast/limits.hpp>

#include "base/failure.hpp"
#include "relay/packet_framer.hpp"

namespace holdfast::relay {

/// MQTT bytes that were passed on, by the type of their packet.
struct Carried {
  std::array<std::uint64_t, 16> up{};
  std::array<std::uint64_t, 16> down{};
};

struct RelayEvents {
  /// Paho's socket was accepted.
  std::function<void()> dialled_in;
  /// A foreign process knocked and was dropped.
  std::function<void(std::string)> intruder;
  /// Plain MQTT for the broker; false: the wire takes no more until `wire_ready`.
  std::function<bool(std::span<const std::byte>)> to_wire;
  /// The last byte of a packet was passed on, of Paho's or of ours.
  std::function<void(PacketType)> passed;
  /// A piece of PUBACK, PUBREC or PUBCOMP.
  std::function<void(const Piece&)> answered;
  /// A piece of CONNACK or DISCONNECT, which goes to Paho as well. May be empty.
  std::function<void(const Piece&)> overheard;
  /// A packet came from the broker (PINGRESP too).
  std::function<void(PacketType)> arrived;
  /// Paho takes no more (true), or takes more again (false).
  std::function<void(bool)> full;
  /// Paho closed its end; everything it wrote before was passed on.
  std::function<void()> hung_up;
  /// The pipe or the framing broke.
  std::function<void(Failure)> broken;
};

class Relay : public std::enable_shared_from_this<Relay> {
 public:
  Relay(const asio::any_io_executor& executor, RelayEvents events);
  ~Relay();

  /// Opens the listener. @return the port that Paho has to be told, 0 and `failure` set on error.
  std::uint16_t listen(Failure& failure);

  /// Plain MQTT from the broker.
  void from_wire(std::span<const std::byte> bytes);
  /// The broker's end: passed on to Paho once it has taken everything before it.
  void wire_ended();
  /// The wire takes more again.
  void wire_ready();

  /// Puts one whole packet of ours into the stream, at the next packet boundary. It leaves with the
  /// next `flush`.
  void send(std::span<const std::byte> packet);
  /// What was gathered is passed on, as far as the wire takes it.
  void flush();
  /// One more SUBSCRIBE was handed to Paho: the relay may wait for it before it closes a record,
  /// and packets of ours that come from now on go behind it. Who asks for an answer has subscribed
  /// before, and the answer may be faster than Paho's thread.
  void expect_subscribe() { ++expected_; }
  bool wire_takes() const { return wire_takes_; }
  /// What has crossed so far; pings that are answered here do not.
  const Carried& carried() const { return carried_; }
  /// Bytes that the wire has not taken.
  std::size_t gathered_bytes() const { return gathered_.size() + ours_.size(); }

  /// Drops everything at once; no callback is made any more.
  void close();

 private:
  enum class Phase { idle, listening, greeting, open, closed };

  void accept();
  void greet(std::span<const std::byte> bytes);
  void wait_paho_readable();
  void on_paho_readable();
  bool read_from_paho();
  void take_from_paho(std::span<const std::byte> bytes);
  void pass_packet(const Piece& piece);
  void insert_ours();
  void wait_for_subscribe();
  void flush_or_wait();
  void gather();
  void flush_to_wire();
  void send_to_paho(std::span<const std::byte> bytes);
  void flush_to_paho();
  void wait_paho_writable();
  void answer_pings();
  void paho_ended();
  void break_off(Errc errc, std::string detail);

  asio::ip::tcp::acceptor acceptor_;
  asio::ip::tcp::socket paho_;
  asio::steady_timer gather_timer_;
  asio::steady_timer subscribe_timer_;
  RelayEvents events_;
  Phase phase_ = Phase::idle;
  Carried carried_;

  // Paho to broker.
  PacketFramer outbound_;
  std::string greeting_;
  std::vector<std::byte> gathered_;
  std::vector<PacketType> passing_;  // packets that end within gathered_
  std::vector<std::byte> ours_;      // wait for the end of a packet of Paho's
  std::vector<PacketType> ours_passing_;
  std::size_t expected_ = 0;  // subscriptions that Paho has and has not written
  bool wire_takes_ = true;
  bool reading_ = false;
  bool subscribe_timer_runs_ = false;
  std::optional<std::chrono::steady_clock::time_point> held_since_;  // ours wait for a SUBSCRIBE
  bool gathering_ = false;                                           // the timer runs, and reads
  std::chrono::steady_clock::time_point gathered_first_{};           // when the record was begun
  std::chrono::steady_clock::time_point last_read_{};
  bool paho_ended_ = false;

  // Broker to Paho.
  PacketFramer inbound_;
  std::vector<std::byte> to_paho_;
  std::size_t to_paho_sent_ = 0;
  std::size_t pings_to_answer_ = 0;
  bool writing_ = false;
  bool full_ = false;
  bool wire_ended_ = false;
  bool sent_end_ = false;
};

}  // namespace holdfast::relay
