// State documents: one small document that a back end wants of a device (desired), and one in which
// the device says how it is (reported). Each is whole, has a version, is retained by the broker and
// kept by the device, and crosses the line only when it has changed. docs/guides/state.md.
//
//   auto state = device.state<Wanted, Actual>("fleet/truck-17/state");
//   state.on_desired([&](const Wanted& wanted, std::uint64_t version) { … });
//   state.report(actual);
//
// Threads: every call may come from any thread, and none blocks on the network or on a disk.
// Handlers run on the device's handler thread.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <holdfast/export.hpp>
#include <holdfast/options.hpp>
#include <holdfast/payload.hpp>

namespace holdfast {

class Device;

namespace device {
class Core;  // sdk/src/device/core.hpp
}

/// How reports are sent; the fields mean what they mean in `PublishOptions`.
struct StateOptions {
  Priority priority = Priority::normal;
  std::chrono::milliseconds max_delay{0};
};

/// What became of a report that was handed in.
struct StateReceipt {
  std::uint64_t version = 0;  ///< under which it is known; 0 when refused
  std::error_code error;      ///< empty when accepted, also where there was nothing to send
  std::string detail;         ///< when refused: the value that was wrong, and the mend

  explicit operator bool() const noexcept { return !error; }
};

/// A state document as it travels (schemas/holdfast/state_document.fbs).
struct StateBody {
  std::uint64_t version = 0;
  std::uint64_t seen = 0;            ///< of a report: the newest desired version that was taken
  std::span<const std::byte> bytes;  ///< into the payload, or into `aligned`
  std::vector<std::byte> aligned;    ///< used where the body lies at an odd place
};

/// For both ends. @return `malformed_payload`, `foreign_payload` or `payload_too_large`, else an
/// empty code; then `state` is set. The body itself is not verified yet.
HOLDFAST_EXPORT std::error_code open_state(std::span<const std::byte> payload, StateBody& state);

/// Puts a finished FlatBuffer into a state document. @param version from 1
HOLDFAST_EXPORT std::vector<std::byte> seal_state(std::uint64_t version,
                                                  std::span<const std::byte> body,
                                                  std::uint64_t seen = 0);

namespace detail {

/// What a desired document must be, for code that does not know the type.
struct DesiredType {
  std::string_view name;
  std::error_code (*check)(std::span<const std::byte>);
};

template <Payload T>
std::error_code check_payload(std::span<const std::byte> bytes) {
  std::error_code error;
  verify<T>(bytes, error);
  return error;
}

class HOLDFAST_EXPORT StateBase {
 public:
  using Handler = std::function<void(std::span<const std::byte> body, std::uint64_t version)>;

  StateBase(std::shared_ptr<device::Core> core, std::string_view topic, const StateOptions& options,
            const DesiredType& desired);
  void on_desired(Handler handler);
  StateReceipt report(std::span<const std::byte> finished_buffer);

 private:
  std::shared_ptr<device::Core> core_;
  std::size_t document_ = 0;
};

}  // namespace detail

/// Both documents of one topic: TOPIC/desired and TOPIC/reported. Copies are of the same documents.
/// It stays valid when the device has been stopped or destroyed, and then refuses with `closed`.
template <Payload Desired, Payload Reported>
class StateDocument {
 public:
  /// Calls `handler(const Desired&, std::uint64_t version)` with the newest desired document that
  /// is known, also if it is of an earlier process and there is no connection; and then with each
  /// newer one, once. Of several that come while the handler runs it may get the last alone. A
  /// second call replaces the handler, which gets the newest document again.
  template <class Handler>
  void on_desired(Handler handler) {
    base_.on_desired([handler = std::move(handler)](std::span<const std::byte> body,
                                                    std::uint64_t version) mutable {
      // It was verified when it came.
      handler(*flatbuffers::GetRoot<Desired>(body.data()), version);
    });
  }

  /// Says how the device is. It is kept, then published, in place of one that waits; and not at
  /// all if it equals the last one to the byte. What the broker has not acknowledged when the
  /// process ends is published by the next one.
  /// Errors in the receipt: `payload_too_large` (`limits::kMaxStateBytes`), `closed`.
  StateReceipt report(const typename Reported::NativeTableType& state) {
    return base_.report(as_payload(pack<Reported>(state)));
  }

 private:
  friend class Device;
  explicit StateDocument(detail::StateBase base) : base_(std::move(base)) {}

  detail::StateBase base_;
};

}  // namespace holdfast
