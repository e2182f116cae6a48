// Device: one long-lived, pinned TLS 1.3 session to an MQTT broker.
//
//   holdfast::Device device({.broker = "mqtts://broker.example.com:8883", …});
//   device.start();
//   device.publish("truck/17/door", holdfast::as_payload("open"));
//
// The app never connects: from `start` to `stop` the device dials, proves the broker's key, logs
// in, subscribes, and comes back by itself with backoff when the link goes. What was accepted
// before or meanwhile is sent when the link is there.
//
// Threads: every call may come from any thread, and none blocks on the network, on name resolution
// or on a disk, but for those that are there to wait (`stop`, `flush`, `drain`). Handlers
// (messages, events, `on_done`) run one at a time on one thread of the device, which is not the
// thread that talks to the network: a slow handler delays other handlers and nothing else. A
// handler may call everything but `~Device`. An exception that leaves a handler is caught and
// reported as an event.
//
// Several devices in one process do not know of each other. After fork() a device may be used in
// the parent only.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <holdfast/error.hpp>
#include <holdfast/event.hpp>
#include <holdfast/message.hpp>
#include <holdfast/options.hpp>
#include <holdfast/payload.hpp>
#include <holdfast/state_document.hpp>
#include <holdfast/status.hpp>
#include <holdfast/version.hpp>

namespace holdfast {

namespace device {
class Core;  // sdk/src/device/core.hpp
}

template <Payload T>
class Stream;

/// How a device ended.
struct StopResult {
  bool clean = true;              ///< the broker saw a DISCONNECT, or there was no connection
  std::uint64_t undelivered = 0;  ///< accepted messages that are not acknowledged, and gone
  std::uint64_t kept = 0;         ///< durable ones, which the next device in `state_dir` sends
};

/// What is left of a `flush` or a `drain` when its time is over.
struct Remaining {
  std::uint64_t unstored = 0;     ///< durable messages that are not written
  std::uint64_t undelivered = 0;  ///< messages that are not acknowledged, the former included
};

class Device {
 public:
  using MessageHandler = std::function<void(Message)>;
  using EventHandler = std::function<void(const Event&)>;

  /// Checks the options and makes the device; nothing is sent before `start`.
  /// @throws ConfigError if an option cannot work; std::system_error if the system has no thread or
  /// descriptor left.
  explicit Device(Options options);

  /// Stops the device as `stop()` does. Must not be called from a handler.
  ~Device();

  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  /// Begins to connect, and stays connected as well as the link allows. Calling it again does
  /// nothing; a stopped device cannot be started again.
  void start();

  /// Ends the session within `timeout`: what is under way is waited for, then DISCONNECT and
  /// close_notify are sent. Messages that are left end with `Errc::closed`, durable ones are
  /// written and end with `Errc::kept`. Blocks for `timeout` at most (plus the time of a handler
  /// that is running, and of the last commit); later calls return the first one's result. From a
  /// handler it begins the stop and returns at once.
  StopResult stop(std::chrono::milliseconds timeout = limits::kStopTimeout);

  /// Takes a message into the outbox; it leaves when the session allows.
  /// Errors in the receipt: `invalid_topic`, `payload_too_large`, `outbox_full`, `invalid_options`,
  /// `closed`. The payload is copied.
  Receipt publish(std::string_view topic, std::span<const std::byte> payload,
                  PublishOptions options = {});

  /// Writes every durable message to the disk, now, and waits for it up to `timeout`. From a
  /// handler other handlers wait meanwhile.
  Remaining flush(std::chrono::milliseconds timeout);

  /// As `flush`, and sends what waits without its delay budget and waits for the acknowledgements:
  /// the ignition goes off. Messages that come meanwhile are sent and waited for as well.
  Remaining drain(std::chrono::milliseconds timeout);

  /// Calls `handler` for each message on a topic that matches `filter`. A second call with the same
  /// filter replaces the handler. The broker is asked when the session is made, or at once if it
  /// is.
  /// @throws ConfigError for a filter that MQTT forbids (section 4.7), or too many of them.
  void subscribe(std::string_view filter, MessageHandler handler, SubscribeOptions options = {});

  /// Calls `handler(const T&)` or `handler(const T&, const Arrival&)` for each message on a topic
  /// that matches `filter`, once its payload has been verified. A payload that fails is counted,
  /// reported as an event and dropped. @throws ConfigError as `subscribe`.
  template <Payload T, class Handler>
  void on(std::string_view filter, Handler handler, SubscribeOptions options = {});

  /// A stream of readings on one topic. It stays valid, and refuses with `closed`, when the device
  /// has been stopped or destroyed. @throws ConfigError for a topic that MQTT forbids.
  template <Payload T>
  Stream<T> stream(std::string_view topic, StreamOptions options = {});

  /// The state documents on `topic`/desired and `topic`/reported (state_document.hpp). What was
  /// kept of them in `Options::state_dir` is read here. Before `start` as a rule, so that the first
  /// connection brings what is desired.
  /// @throws ConfigError without a `state_dir`, for a topic that MQTT forbids or has a state
  /// already, or for one document too many (`limits::kMaxStateDocuments`).
  template <Payload Desired, Payload Reported>
  StateDocument<Desired, Reported> state(std::string_view topic, StateOptions options = {});

  /// Offers a signed pin set (docs/guides/rotation.md), from wherever it came; the answer is the
  /// event `pin_set_accepted` or `pin_set_refused`. Whoever brings it need not be trusted: its
  /// signatures are. The bytes are copied.
  void offer_pin_set(std::span<const std::byte> document);

  /// Tells the device what time it is, from a source that the app trusts (GPS, the mobile network).
  /// Until then the clock counts only if the system says that it is synchronised.
  void set_time(std::chrono::system_clock::time_point now);

  /// Takes the events from now on; one handler at a time, an empty one for none.
  void on_event(EventHandler handler);

  Status status() const;
  Ledger ledger() const;

 private:
  void reject_payload(std::string_view topic, std::error_code error, std::string_view schema);

  std::shared_ptr<device::Core> core_;
};

namespace detail {

/// The part of a stream that does not depend on the type.
class StreamBase {
 public:
  StreamBase(std::shared_ptr<device::Core> core, std::string_view topic, StreamOptions options);
  Receipt push_bytes(std::span<const std::byte> finished_buffer, PushOptions options);

 private:
  std::shared_ptr<device::Core> core_;
  std::size_t stream_ = 0;
};

}  // namespace detail

/// Sends readings of one type on one topic, each with an epoch and a gap-free sequence number.
/// Copies share the numbering. Threads: any; the order of concurrent pushes is the order in which
/// the outbox took them.
template <Payload T>
class Stream {
 public:
  /// Takes one reading into the outbox. Errors as `Device::publish`.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): clang-tidy does not see that it is moved.
  Receipt push(const typename T::NativeTableType& reading, PushOptions options = {}) {
    return base_.push_bytes(as_payload(pack<T>(reading)), std::move(options));
  }

 private:
  friend class Device;
  explicit Stream(detail::StreamBase base) : base_(std::move(base)) {}

  detail::StreamBase base_;
};

template <Payload T, class Handler>
void Device::on(std::string_view filter, Handler handler, SubscribeOptions options) {
  static_assert(std::is_invocable_v<Handler&, const T&> ||
                    std::is_invocable_v<Handler&, const T&, const Arrival&>,
                "a handler takes (const T&) or (const T&, const holdfast::Arrival&)");
  subscribe(
      filter,
      [this, handler = std::move(handler)](Message message) mutable {
        Body body;
        std::error_code error = open_envelope(message.payload, body);
        const T* root = error ? nullptr : verify<T>(body.bytes, error);
        if (root == nullptr) {
          reject_payload(message.topic, error, Schema<T>::name);
          return;
        }
        if constexpr (std::is_invocable_v<Handler&, const T&, const Arrival&>) {
          handler(*root, Arrival{message.topic, body.origin, message.retain});
        } else {
          handler(*root);
        }
      },
      options);
}

template <Payload T>
Stream<T> Device::stream(std::string_view topic, StreamOptions options) {
  return Stream<T>(detail::StreamBase(core_, topic, options));
}

template <Payload Desired, Payload Reported>
StateDocument<Desired, Reported> Device::state(std::string_view topic, StateOptions options) {
  return StateDocument<Desired, Reported>(detail::StateBase(
      core_, topic, options, {Schema<Desired>::name, &detail::check_payload<Desired>}));
}

}  // namespace holdfast
