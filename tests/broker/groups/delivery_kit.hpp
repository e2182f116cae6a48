// What the checks of delivery and of sessions share: messages that are counted, what a broker need
// not offer, and the lists of the files that make up the two groups.
//
// A check throws `NotOffered` where the broker has said that it lacks what is checked.
//
// Threads: one at a time.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "check.hpp"
#include "stage.hpp"

namespace holdfast::broker_test {

std::vector<Check> message_checks();
std::vector<Check> broken_connection_checks();
std::vector<Check> qos2_checks();
std::vector<Check> topic_checks();
std::vector<Check> subscription_checks();
std::vector<Check> retained_checks();
std::vector<Check> property_checks();
std::vector<Check> limit_checks();
std::vector<Check> kept_session_checks();
std::vector<Check> queue_checks();
std::vector<Check> presence_checks();
std::vector<Check> will_checks();

/// One list after the other.
std::vector<Check> joined(std::vector<std::vector<Check>> lists);

// --- What a broker need not offer ------------------------------------------------------------

/// @throws NotOffered by what the last CONNACK of this peer said
void require_qos(const MqttPeer& peer, unsigned qos);
void require_retained(const MqttPeer& peer);
void require_wildcards(const MqttPeer& peer);
void require_shared(const MqttPeer& peer);
void require_subscription_identifiers(const MqttPeer& peer);

/// How many messages of QoS 1 and 2 may be on their way to the broker (MQTT 5 section 3.2.2.3.3).
std::size_t receive_maximum_of(const MqttPeer& peer);

/// Subscribes with this QoS. @throws NotOffered where a lower one is granted; PeerError
void subscribe_at(MqttPeer& peer, const std::string& filter, unsigned qos, unsigned flags = 0);
/// The same for a filter with wildcards. @throws NotOffered also where those are refused
void subscribe_wide(MqttPeer& peer, const std::string& filter, unsigned qos = 1);

// --- Sessions --------------------------------------------------------------------------------

constexpr std::uint32_t kKept = 60;  ///< seconds that a session outlives its connection

/// A login whose session is kept, with MQTT 5 for so many seconds.
Connect keeping(const Stage& stage, const std::string& name = "kept",
                std::uint32_t seconds = kKept);
/// Logs in with it. @throws NotOffered where the broker keeps no session
std::unique_ptr<MqttPeer> log_in_kept(Stage& stage, const Connect& login);

/// Time goes by; the connection has to last. @throws PeerError
void let_pass(MqttPeer& peer, Clock::duration time);

// --- Messages --------------------------------------------------------------------------------

/// A sender, and a receiver that has subscribed to `stage.topic()`.
struct Line {
  std::unique_ptr<MqttPeer> to;
  std::unique_ptr<MqttPeer> from;
};
Line open_line(Stage& stage, unsigned qos);

/// "0000", "0001", …
std::vector<std::string> numbered(std::size_t count);

/// The whole exchange. @throws PeerError where the broker refuses it
void publish(MqttPeer& peer, Publish packet);
/// All of them, at QoS 1 without waiting for each; afterwards all are acknowledged. @throws
/// PeerError
void publish_all(MqttPeer& peer, const std::string& topic, unsigned qos,
                 const std::vector<std::string>& payloads);

/// The last message of a series.
constexpr const char* kMarker = "marker";
/// Sends the marker. Whatever was sent on that topic before it has arrived before it.
void publish_marker(MqttPeer& peer, const std::string& topic, unsigned qos = 1);
/// What comes before the marker. Ends as well when nothing has come for `quiet`; `complete` tells.
struct Received {
  std::vector<Publish> messages;
  bool complete = false;
};
Received receive_to_marker(MqttPeer& peer, Clock::duration quiet);
/// What has come, and what was on its way when the broker read a ping.
std::vector<Publish> received_by_now(MqttPeer& peer);

/// How messages that have come compare with those that were sent.
struct Comparison {
  std::size_t missing = 0;
  std::size_t repeated = 0;
  std::size_t strange = 0;
  bool in_order = true;

  bool exact() const { return missing + repeated + strange == 0 && in_order; }
  std::string text() const;
};
Comparison compare(const std::vector<std::string>& sent, const std::vector<Publish>& received);
/// `exact`, or it is a failure.
bool expect_exact(Finding& finding, const std::vector<std::string>& sent,
                  const std::vector<Publish>& received);

/// "QoS 1, DUP, identifier 7, 12 bytes on a/b".
std::string text_of(const Publish& publish);

}  // namespace holdfast::broker_test
