// The device that the storm kills: publishes numbers as fast as its outbox takes them, and says of
// each what it was told.
//
// Usage: holdfast_test_storm_device publish|drain URL STATE_DIR FIRST_NUMBER PIN...
//
// A line leaves by one write(), so what the test reads was really said before the kill:
//   stored N     its on_stored told no error         unstored N   it told one
//   done N       the broker has acknowledged it      replaced N   a newer one took its place
//   up, down     the connection                      full         the outbox takes no more for now
//   ! ...        what must not happen
// A line on the standard input is answered by "delivered D": of all messages, those of earlier
// processes included, the broker has acknowledged so many. It publishes until it is killed.

#include <unistd.h>

#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <holdfast/device.hpp>

#include "reading_generated.h"
#include "storm/streams.hpp"

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;

// More than stay in memory (limits::kShelfMessages), so that rows are read back as well.
constexpr std::size_t kMessages = 6'000;
// How long a full outbox is left alone when there is no word of any message.
constexpr auto kFullBound = 50ms;
constexpr auto kDrainBound = 150s;

void say(std::string line) {
  line += '\n';
  if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    std::_Exit(4);
  }
}

void say(const char* what, std::uint64_t number) {
  say(std::string(what) + " " + std::to_string(number));
}

void say_event(const Event& event) {
  switch (event.kind) {
    case EventKind::connected:
      return say("up");
    case EventKind::disconnected:
      return say("down");
    case EventKind::message_dropped:
      if (event.error == Errc::outbox_full) return;
      break;
    case EventKind::message_refused:
    case EventKind::message_set_aside:
    case EventKind::storage_failed:
    case EventKind::handler_failed:
    case EventKind::events_dropped:
    case EventKind::key_refused:
    case EventKind::warning:
      break;
    default:
      return;
  }
  say("! " + std::string(to_string(event.kind)) + ": " + event.detail);
}

// Lets the publishing thread wait for word of its messages.
class Progress {
 public:
  void accepted() { change(0, 1); }
  void told() { change(1, 0); }
  void done() { change(1, -1); }

  std::uint64_t seen() {
    const std::lock_guard lock(mutex_);
    return words_;
  }
  void wait_for_more_than(std::uint64_t seen, Device& device) {
    std::unique_lock lock(mutex_);
    if (outstanding_ > 0) {
      changed_.wait_for(lock, kFullBound, [&] { return words_ > seen; });
      return;
    }
    // It is full of what an earlier process has left, of which there is no word.
    lock.unlock();
    device.drain(kFullBound);
  }

 private:
  void change(std::uint64_t words, std::int64_t outstanding) {
    const std::lock_guard lock(mutex_);
    words_ += words;
    outstanding_ += outstanding;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t words_ = 0;
  std::int64_t outstanding_ = 0;
};

class StormDevice {
 public:
  explicit StormDevice(Options options) : device_(std::move(options)) {
    for (const StormStream& stream : kStormStreams) {
      streams_.push_back(device_.stream<Reading>(
          stream.topic,
          {.priority = stream.priority, .order = stream.order, .durable = stream.durable}));
    }
    device_.on_event(say_event);
    device_.start();
  }

  int publish(std::uint64_t first) {
    std::thread([this] { answer(); }).detach();
    for (std::uint64_t number = first;;) {
      const std::uint64_t seen = progress_.seen();
      const Receipt receipt = push(number);
      if (receipt) {
        progress_.accepted();
        ++number;
        continue;
      }
      if (receipt.error != Errc::outbox_full) {
        say("! refused " + std::to_string(number) + ": " + receipt.detail);
        return 3;
      }
      say("full");
      progress_.wait_for_more_than(seen, device_);
    }
  }

  int drain() {
    const Remaining left = device_.drain(kDrainBound);
    const StopResult result = device_.stop();
    say("left " + std::to_string(left.undelivered) + ", kept " + std::to_string(result.kept));
    return left.undelivered == 0 && result.kept == 0 && result.undelivered == 0 ? 0 : 1;
  }

 private:
  Receipt push(std::uint64_t number) {
    auto on_stored = [this, number](const Stored& stored) {
      say(stored.error ? "unstored" : "stored", number);
      progress_.told();
    };
    auto on_done = [this, number](const Delivery& delivery) {
      if (!delivery.error) {
        say("done", number);
      } else if (delivery.error == Errc::replaced) {
        say("replaced", number);
      } else {
        say("! failed " + std::to_string(number) + ": " + delivery.detail);
      }
      progress_.done();
    };
    const StormStream& stream = stream_of(number);
    if (stream.kind == StormStream::Kind::opaque) {
      return device_.publish(stream.topic, as_payload(std::to_string(number)),
                             {.priority = stream.priority,
                              .order = stream.order,
                              .durable = stream.durable,
                              .on_stored = std::move(on_stored),
                              .on_done = std::move(on_done)});
    }
    ReadingT reading;
    reading.time_ms = number;
    return streams_[stream_index_of(number)].push(
        reading, {.key = stream.kind == StormStream::Kind::keyed ? "state" : "",
                  .on_stored = std::move(on_stored),
                  .on_done = std::move(on_done)});
  }

  void answer() {
    for (std::string line; std::getline(std::cin, line);) {
      say("delivered", device_.status().counters.delivered);
    }
  }

  Progress progress_;
  Device device_;
  std::vector<Stream<Reading>> streams_;
};

int run(const std::vector<std::string>& words) {
  Options options;
  options.broker = words[1];
  options.client_id = "storm-device";
  options.pins.assign(words.begin() + 4, words.end());
  options.state_dir = words[2];
  options.backoff = {.base = 10ms, .cap = 100ms, .stable_after = 1s};
  options.outbox = {.messages = kMessages};
  StormDevice device(std::move(options));
  return words[0] == "drain" ? device.drain() : device.publish(std::stoull(words[3]));
}

}  // namespace
}  // namespace holdfast::test

int main(int count, char** words) {
  if (count < 6) return 2;
  try {
    return holdfast::test::run({words + 1, words + count});
  } catch (const std::exception& error) {
    holdfast::test::say(std::string("! ") + error.what());
    return 5;
  }
}
