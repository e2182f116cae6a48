// The worker's part in presence: the birth goes out like a message of the app's, and the last word
// just before DISCONNECT, in the same TLS record.

#include "device/worker.hpp"
#include "mqtt/publish_packet.hpp"

namespace holdfast::device {

void Worker::look_at_presence() {
  if (!presence_.is_due()) return;
  ledger_.note_connection(link_->bill(), link_->carried(), now());
  presence_.publish(ledger_.read(), budget_.status(), now());
}

// A stop is told at once: the will would come after its delay, and not at all after a plain
// DISCONNECT. QoS 0 is enough, because the broker reads it before the DISCONNECT or neither, and
// then it publishes the will. Any other close leaves the will where it is: we come back, or are
// found missing.
void Worker::carry_out(session::Close) {
  if (!link_) return;
  const bool tells = presence_.wanted() && with_ != With::recovery;
  const bool stops = session_.state() == State::stopping;
  if (tells && stops && up_) {
    const auto payload = presence_.farewell(now());
    const mqtt_engine::Publication farewell{.topic = settings_.options.presence->topic,
                                            .payload = payload,
                                            .qos = Qos::at_most_once,
                                            .retain = Retain::yes,
                                            .expiry = std::nullopt};
    const auto packet = mqtt_engine::encode_publish(farewell, settings_.options.mqtt_version, 0,
                                                    mqtt_engine::Resent::no);
    link_->publish(0, Qos::at_most_once, packet, payload.size());
  }
  link_->close(tells && !stops ? Parting::leaving_will : Parting::taking_will);
}

}  // namespace holdfast::device
