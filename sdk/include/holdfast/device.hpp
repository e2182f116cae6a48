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
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <holdfast/command.hpp>
#include <holdfast/error.hpp>
#include <holdfast/event.hpp>
#include <holdfast/export.hpp>
#include <holdfast/message.hpp>
#include <holdfast/options.hpp>
#include <holdfast/payload.hpp>
#include <holdfast/series.hpp>
#include <holdfast/state_document.hpp>
#include <holdfast/status.hpp>
#include <holdfast/version.hpp>

namespace holdfast {

namespace device {
class Core;  // sdk/src/device/core.hpp
}
namespace detail {
struct DeviceMaker;  // sdk/src/testing/world.cpp
}

template <Payload T>
class Stream;
template <class Row>
class SeriesStream;

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

class HOLDFAST_EXPORT Device {
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

  /// The same with a typed payload: the object form of a root type, or a builder that is finished.
  /// It goes out as it is, without the number of a stream.
  template <class Object>
  requires Payload<typename Object::TableType> Receipt publish(std::string_view topic,
                                                               const Object& object,
                                                               PublishOptions options = {}) {
    return publish(topic, as_payload(pack<typename Object::TableType>(object)), std::move(options));
  }
  template <std::derived_from<flatbuffers::FlatBufferBuilder> Builder>
  Receipt publish(std::string_view topic, const Builder& finished, PublishOptions options = {}) {
    return publish(topic, as_payload(finished), std::move(options));
  }

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

  /// Answers commands on topics that match `filter`, each of them at most once, also across
  /// restarts with a `state_dir` (docs/guides/commands.md). `handler(const Request&)` or
  /// `handler(const Request&, const CommandInfo&)` returns a `CommandResult<Reply>`; the answer
  /// goes to the command's response topic, if it has one. While a handler runs the others wait.
  /// @throws ConfigError as `subscribe`, and with MQTT 3.1.1.
  template <Payload Request, Payload Reply, class Handler>
  void on_command(std::string_view filter, Handler handler, CommandOptions<Request> options = {});

  /// Sends a command, and calls `on_reply(const CallResult<Reply>&)` once, on the handler thread:
  /// with the answer, or after the deadline at the latest. A call does not outlive the process.
  /// Errors in the receipt, of which `on_reply` hears nothing: as `publish`, `invalid_options` with
  /// MQTT 3.1.1, `too_many` (`limits::kMaxCalls`).
  template <Payload Request, Payload Reply, class Handler>
  Receipt call(std::string_view topic, const typename Request::NativeTableType& request,
               const CallOptions& options, Handler on_reply);

  /// A stream of readings on one topic. It stays valid, and refuses with `closed`, when the device
  /// has been stopped or destroyed. @throws ConfigError for a topic that MQTT forbids.
  template <Payload T>
  Stream<T> stream(std::string_view topic, StreamOptions options = {});

  /// A stream of readings of numeric channels on one topic, packed as columns
  /// (docs/guides/series.md). As `stream`.
  template <class Row>
  SeriesStream<Row> series(std::string_view topic, SeriesOf<Row> declaration,
                           StreamOptions options = {}, Declare declare = Declare::retained);
  /// The same for channels that are known only when the program runs; readings are pushed as
  /// samples.
  SeriesStream<void> series(std::string_view topic, SeriesLayout layout, StreamOptions options = {},
                            Declare declare = Declare::retained);

  /// Calls `handler(const Row&, const SeriesTime&)` or `handler(const Row&, const SeriesTime&,
  /// const Arrival&)` for each reading of a series of this declaration on a topic that matches
  /// `filter`; what is damaged or of another declaration is counted, reported as an event and
  /// dropped. @throws ConfigError as `subscribe`.
  template <class Row, class Handler>
  void on_series(std::string_view filter, SeriesOf<Row> declaration, Handler handler,
                 SubscribeOptions options = {});
  /// The same with a whole batch for `handler(const SeriesReader&, const Arrival&)`.
  template <class Handler>
  void on_series(std::string_view filter, SeriesLayout layout, Handler handler,
                 SubscribeOptions options = {});

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

  /// Takes the events from now on, also those that wait for the handler thread already; one handler
  /// at a time, an empty one for none. The one before may still be running when this returns.
  void on_event(EventHandler handler);

  Status status() const;
  Ledger ledger() const;

 private:
  friend struct detail::DeviceMaker;
  /// One of a test's world (testing.hpp).
  explicit Device(std::shared_ptr<device::Core> core) noexcept;

  void reject_payload(std::string_view topic, std::error_code error, std::string_view schema);
  void add_command(std::string_view filter, detail::CommandHandler handler);
  Receipt send_call(std::string_view topic, std::span<const std::byte> request,
                    const CallOptions& options, detail::CallHandler handler);

  std::shared_ptr<device::Core> core_;
};

namespace detail {

/// The part of a stream that does not depend on the type.
class HOLDFAST_EXPORT StreamBase {
 public:
  StreamBase(std::shared_ptr<device::Core> core, std::string_view topic,
             const StreamOptions& options);
  Receipt push_bytes(std::span<const std::byte> finished_buffer, PushOptions options);
  Receipt push_samples(const SeriesLayout& layout, std::span<const Sample> samples,
                       PushOptions options);
  /// Publishes the declaration of a series.
  void declare(const SeriesLayout& layout);

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
  /// The same, of a builder that has been finished with a `T` and its identifier; anything else is
  /// refused with `malformed_payload` or `foreign_payload`.
  template <std::derived_from<flatbuffers::FlatBufferBuilder> Builder>
  Receipt push(const Builder& finished, const PushOptions& options = {}) {
    std::error_code error;
    if (verify<T>(as_payload(finished), error) == nullptr) {
      return {0, error, "finish the builder with the root type and its identifier"};
    }
    return base_.push_bytes(as_payload(finished), options);
  }

 private:
  friend class Device;
  explicit Stream(detail::StreamBase base) : base_(std::move(base)) {}

  detail::StreamBase base_;
};

/// Sends readings of one series on one topic. As `Stream`.
template <class Row>
class SeriesStream {
 public:
  /// Takes one reading into the outbox. Errors as `Device::publish`, and `invalid_reading` for a
  /// value that its channel cannot hold (NaN where there is a resolution).
  Receipt push(const Row& row, const PushOptions& options = {}) {
    Sample samples[limits::kMaxSeriesChannels];
    declaration_.samples(row, samples);
    return base_.push_samples(declaration_.layout(),
                              std::span(samples).first(declaration_.layout().channels().size()),
                              options);
  }

 private:
  friend class Device;
  SeriesStream(detail::StreamBase base, SeriesOf<Row> declaration)
      : base_(std::move(base)), declaration_(std::move(declaration)) {}

  detail::StreamBase base_;
  SeriesOf<Row> declaration_;
};

template <>
class SeriesStream<void> {
 public:
  /// The same; samples in the order of the channels.
  Receipt push(std::span<const Sample> samples, PushOptions options = {}) {
    return base_.push_samples(layout_, samples, std::move(options));
  }

 private:
  friend class Device;
  SeriesStream(detail::StreamBase base, SeriesLayout layout)
      : base_(std::move(base)), layout_(std::move(layout)) {}

  detail::StreamBase base_;
  SeriesLayout layout_;
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
        if (const auto error = open_envelope(message.payload, body)) {
          reject_payload(message.topic, error, Schema<T>::name);
          return;
        }
        for (std::size_t i = 0; i < body.count(); ++i) {
          std::error_code error;
          const T* root = verify<T>(body.at(i), error);
          if (root == nullptr) {
            reject_payload(message.topic, error, Schema<T>::name);
          } else if constexpr (std::is_invocable_v<Handler&, const T&, const Arrival&>) {
            handler(*root, Arrival{message.topic, body.origin_of(i), message.retain});
          } else {
            handler(*root);
          }
        }
      },
      options);
}

template <class Handler>
void Device::on_series(std::string_view filter, SeriesLayout layout, Handler handler,
                       SubscribeOptions options) {
  static_assert(std::is_invocable_v<Handler&, const SeriesReader&, const Arrival&>,
                "a handler takes (const SeriesReader&, const holdfast::Arrival&)");
  // Shared, because a `std::function` has to be copied and a reader cannot be.
  auto reader = std::make_shared<SeriesReader>(std::move(layout));
  subscribe(
      filter,
      [this, reader, handler = std::move(handler)](Message message) mutable {
        const auto error = reader->open(message.payload);
        if (error == Errc::foreign_payload && message.topic.ends_with("/layout")) {
          // The declaration, which a filter with "#" brings as well.
        } else if (error) {
          reject_payload(message.topic, error, "series of this declaration");
        } else {
          handler(std::as_const(*reader), Arrival{message.topic, reader->origin(), message.retain});
        }
      },
      options);
}

template <class Row, class Handler>
void Device::on_series(std::string_view filter, SeriesOf<Row> declaration, Handler handler,
                       SubscribeOptions options) {
  constexpr bool kTakesArrival =
      std::is_invocable_v<Handler&, const Row&, const SeriesTime&, const Arrival&>;
  static_assert(kTakesArrival || std::is_invocable_v<Handler&, const Row&, const SeriesTime&>,
                "a handler takes (const Row&, const SeriesTime&) and perhaps (const Arrival&)");
  SeriesLayout layout = declaration.layout();
  on_series(
      filter, std::move(layout),
      [declaration = std::move(declaration), handler = std::move(handler)](
          const SeriesReader& reader, const Arrival& arrival) mutable {
        for (const SeriesRow reading : reader) {
          const Row row = declaration.row(reading);
          if constexpr (kTakesArrival) {
            Arrival one = arrival;
            if (one.origin) one.origin->part = static_cast<std::uint32_t>(reading.index());
            handler(row, reading.time(), std::as_const(one));
          } else {
            handler(row, reading.time());
          }
        }
      },
      options);
}

template <class Row>
SeriesStream<Row> Device::series(std::string_view topic, SeriesOf<Row> declaration,
                                 StreamOptions options, Declare declare) {
  detail::StreamBase base(core_, topic, std::move(options));
  if (declare == Declare::retained) base.declare(declaration.layout());
  return SeriesStream<Row>(std::move(base), std::move(declaration));
}

inline SeriesStream<void> Device::series(std::string_view topic, SeriesLayout layout,
                                         StreamOptions options, Declare declare) {
  detail::StreamBase base(core_, topic, std::move(options));
  if (declare == Declare::retained) base.declare(layout);
  return SeriesStream<void>(std::move(base), std::move(layout));
}

template <Payload Request, Payload Reply, class Handler>
void Device::on_command(std::string_view filter, Handler handler, CommandOptions<Request> options) {
  add_command(filter,
              detail::make_command_handler<Request, Reply>(std::move(handler), std::move(options)));
}

template <Payload Request, Payload Reply, class Handler>
Receipt Device::call(std::string_view topic, const typename Request::NativeTableType& request,
                     const CallOptions& options, Handler on_reply) {
  return send_call(topic, as_payload(pack<Request>(request)), options,
                   detail::make_call_handler<Reply>(std::move(on_reply)));
}

template <Payload T>
Stream<T> Device::stream(std::string_view topic, StreamOptions options) {
  return Stream<T>(detail::StreamBase(core_, topic, std::move(options)));
}

template <Payload Desired, Payload Reported>
StateDocument<Desired, Reported> Device::state(std::string_view topic, StateOptions options) {
  return StateDocument<Desired, Reported>(detail::StateBase(
      core_, topic, options, {Schema<Desired>::name, &detail::check_payload<Desired>}));
}

}  // namespace holdfast
