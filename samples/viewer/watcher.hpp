// Watcher: the viewer's own connection to the broker. It receives a board's readings, decodes them,
// and tells second copies from first ones.

#pragma once

#include <holdfast/device.hpp>
#include <holdfast/receiver.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/connection.hpp"
#include "common/descriptor.hpp"
#include "inbox.hpp"
#include "reading.hpp"

namespace view {

struct Arrived {
  std::string topic;
  std::optional<holdfast::Origin> origin;
  board::BoardReadingT reading;
};

class Watcher {
 public:
  /// @throws holdfast::ConfigError for an option that cannot work.
  Watcher(holdfast::Options options, const std::string& topic);

  struct Outcome {
    int exit = sample::kDone;
    std::string cause;  ///< for a person, where `exit` is not kDone
  };

  /// Connects, and waits until the broker has granted the subscription: what the board sends from
  /// then on is seen. Ends early for an error that time does not mend, and for a signal.
  Outcome subscribe(sample::EndSignals& signals);

  /// Takes what came since the last call; a reading that was seen before is left out.
  /// @param notes gets a line for each event that a person should know of
  std::vector<board::BoardReadingT> take(std::vector<std::string>& notes);

  /// Readable when there is something to take.
  int get() const { return inbox_.get(); }
  /// Distinct readings taken so far.
  std::uint64_t delivered() const { return delivered_; }
  void stop() { device_.stop(); }

 private:
  using Item = std::variant<Arrived, holdfast::Event>;

  std::optional<Outcome> judge(const holdfast::Event& event);

  Inbox<Item> inbox_;
  holdfast::SequenceTracker tracker_;
  std::uint64_t delivered_ = 0;
  std::error_code last_error_;
  std::string last_cause_ = "no answer from the broker";
  holdfast::Device device_;  // last: its handlers use the inbox
};

}  // namespace view
