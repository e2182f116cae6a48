// What a test of a world wants to know of a device: its events, and what became of its messages.

#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/device.hpp>
#include <holdfast/testing.hpp>

namespace holdfast::test {

class Witness {
 public:
  explicit Witness(Device& device) : device_(device) {
    device.on_event([this](const Event& event) { events_.push_back(event); });
  }
  /// What waits for a handler may be told until then.
  ~Witness() { device_.stop(); }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  const std::vector<Event>& events() const { return events_; }
  std::vector<Event> events(EventKind kind) const {
    std::vector<Event> found;
    std::copy_if(events_.begin(), events_.end(), std::back_inserter(found),
                 [kind](const Event& event) { return event.kind == kind; });
    return found;
  }
  std::size_t count(EventKind kind) const { return events(kind).size(); }
  /// All events, one a line.
  std::string text() const {
    std::string text;
    for (const Event& event : events_) {
      text += std::string(to_string(event.kind)) + ": " + event.detail + "\n";
    }
    return text;
  }

  /// Publishes and notes what becomes of it.
  MessageId publish(std::string_view topic, std::string_view payload, PublishOptions options = {}) {
    options.on_done = [this](const Delivery& delivery) { deliveries_.push_back(delivery); };
    return device_.publish(topic, as_payload(payload), std::move(options)).id;
  }
  const std::vector<Delivery>& deliveries() const { return deliveries_; }

 private:
  Device& device_;
  std::vector<Event> events_;
  std::vector<Delivery> deliveries_;
};

/// Their payloads.
inline std::vector<std::string> texts(const std::vector<testing::Published>& published) {
  std::vector<std::string> texts;
  for (const testing::Published& one : published) texts.push_back(one.text());
  return texts;
}

}  // namespace holdfast::test
