// A scripted MQTT client: it sends what it is told, packet by packet, and waits for what is due.
//
// What comes besides is not lost: publications are kept until they are asked for, and acknowledged
// at once unless told otherwise. A packet that breaks a rule is `Malformed`, one that breaks the
// conversation a `PeerError`.
//
// Threads: one at a time.

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/packet.hpp"
#include "wire/peer_error.hpp"
#include "wire/tls_peer.hpp"

namespace holdfast::broker_test {

class MqttPeer {
 public:
  enum class Acknowledging { at_once, when_told };

  /// @param deadline of everything that this peer will ever do
  /// @param patience for one answer of the broker
  MqttPeer(std::unique_ptr<TlsPeer> tls, Version version, Deadline deadline,
           Clock::duration patience);

  TlsPeer& tls() { return *tls_; }
  Version version() const { return version_; }
  const Deadline& deadline() const { return deadline_; }
  /// For one answer of the broker.
  Clock::duration patience() const { return patience_; }

  /// Logs in. @throws PeerError `login_refused` with the reason
  Connack connect(const Connect& packet);
  /// The same, and takes a refusal for an answer.
  Connack try_connect(const Connect& packet);
  /// What the broker answered to the last CONNECT.
  const Connack& connack() const { return connack_; }

  /// @return the code granted. @throws PeerError where it is a refusal
  std::uint8_t subscribe(const std::string& filter, std::uint8_t options = 1,
                         const Properties& properties = {});
  /// The same, and takes a refusal for an answer.
  std::uint8_t try_subscribe(const std::string& filter, std::uint8_t options = 1,
                             const Properties& properties = {});
  /// Several filters in one packet, whatever the answers. @throws Malformed for too few of them
  Grants subscribe_all(std::span<const Subscription> subscriptions,
                       const Properties& properties = {});
  /// @return the code of UNSUBACK; with 3.1.1, which has none, 0
  std::uint8_t unsubscribe(const std::string& filter);

  /// Sends it, at QoS 1 and 2 with a packet identifier if it has none. @return the identifier
  std::uint16_t send(Publish packet);
  /// The same, and waits for the whole exchange. @return the reason of PUBACK or PUBREC
  std::uint8_t publish(Publish packet);
  void send(const Acknowledgement& packet);
  void send_raw(std::span<const std::uint8_t> bytes);
  /// PINGREQ, and waits for its answer: whatever was sent before it has been worked off.
  void ping();
  /// In order, with a DISCONNECT.
  void disconnect(const Disconnect& packet = {});
  /// Breaks the connection without a word.
  void drop() { tls_->reset(); }

  void acknowledge(Acknowledging how) { acknowledging_ = how; }

  /// The next publication. @throws PeerError `time_up` if none comes within `bound`
  Publish receive(Clock::duration bound);
  /// Empty if none comes within `bound`.
  std::optional<Publish> try_receive(Clock::duration bound);
  /// All that come until `count` are there, or nothing has come for `quiet`.
  std::vector<Publish> receive_all(std::size_t count, Clock::duration quiet);
  /// What is there already and what comes within `quiet`: for what must not come.
  std::vector<Publish> receive_rest(Clock::duration quiet) { return receive_all(SIZE_MAX, quiet); }

  /// The next packet that is no publication (those are kept). @throws PeerError
  Packet next_packet(Clock::duration bound);
  /// Waits for an acknowledgement of this kind and identifier; others that come first are kept for
  /// their own turn. @throws PeerError
  Acknowledgement wait_acknowledgement(Type type, std::uint16_t packet_id, Clock::duration bound);

  /// Waits until the broker ends the connection. @return how; empty if it has not within `bound`
  std::optional<PeerError> wait_end(Clock::duration bound);
  /// What came in one piece with the last packet, and has not been looked at.
  std::size_t unread_bytes() const { return input_.size(); }

 private:
  /// Reads until `wanted` takes a packet. Publications go to received_, all else to others_.
  Packet wait_packet(const std::function<bool(const Packet&)>& wanted, Clock::duration bound);
  Packet read_packet(Deadline deadline);
  void take_up(const Packet& packet);
  std::uint16_t next_id();

  std::unique_ptr<TlsPeer> tls_;
  Version version_;
  Deadline deadline_;
  Clock::duration patience_;
  Acknowledging acknowledging_ = Acknowledging::at_once;
  Connack connack_;
  Bytes input_;
  std::deque<Publish> received_;
  std::deque<Packet> others_;
  std::uint16_t last_id_ = 0;
};

}  // namespace holdfast::broker_test
