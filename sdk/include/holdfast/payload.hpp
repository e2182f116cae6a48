// Typed payloads: FlatBuffers, verified before anybody touches them.
//
// A root type takes part once its `Schema` is specialised; the CMake function
// `holdfast_add_schemas` does that in the header it generates from the .fbs file. The schema must
// have a root_type and a file_identifier, so that a foreign buffer is told from a damaged one.
//
// What a typed stream sends is the app's buffer inside an `Envelope`
// (schemas/holdfast/envelope.fbs), which adds an epoch and a sequence number, and holds several
// buffers where readings share a message. A receiver takes all forms: these, and the plain buffer
// that a back end writes.
//
// Threads: pure functions, callable from any thread.

#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <flatbuffers/flatbuffers.h>

#include <holdfast/error.hpp>
#include <holdfast/export.hpp>
#include <holdfast/limits.hpp>
#include <holdfast/message.hpp>

namespace holdfast {

/// Specialised for each root type by `holdfast_add_schemas`:
/// `static constexpr std::string_view identifier` (four characters) and `name` (fully qualified).
template <class T>
struct Schema;

template <class T>
concept Payload = requires {
  { Schema<T>::identifier } -> std::convertible_to<std::string_view>;
  { Schema<T>::name } -> std::convertible_to<std::string_view>;
  typename T::NativeTableType;
};

/// Where a message of a typed stream comes from. `epoch` is drawn at random by each outbox that
/// starts afresh; within one epoch `sequence` counts a stream's messages from 1, without a gap;
/// within one message `part` counts its readings from 0.
struct Origin {
  std::uint64_t epoch = 0;
  std::uint32_t sequence = 0;
  std::uint32_t part = 0;

  friend bool operator==(const Origin&, const Origin&) = default;
};

/// What a handler may want to know besides the decoded payload. The views live as long as the call.
struct Arrival {
  std::string_view topic;
  std::optional<Origin> origin;  ///< empty where the payload came without an envelope
  Retain retain = Retain::no;
};

/// What a received payload holds: the bodies of an envelope, or the payload itself.
struct Body {
  std::span<const std::byte> bytes;  ///< into the payload, or into `aligned`
  std::optional<Origin> origin;
  std::vector<std::byte> aligned;                 ///< used where the body lies at an odd place
  std::vector<std::span<const std::byte>> parts;  ///< of `bytes`, where there are several bodies

  /// How many there are, at least one.
  std::size_t count() const noexcept { return parts.empty() ? 1 : parts.size(); }
  /// The body with this index, which is below `count()`.
  std::span<const std::byte> at(std::size_t index) const noexcept {
    return parts.empty() ? bytes : parts[index];
  }
  /// Where it comes from.
  std::optional<Origin> origin_of(std::size_t index) const noexcept {
    if (!origin) return std::nullopt;
    return Origin{origin->epoch, origin->sequence, static_cast<std::uint32_t>(index)};
  }
};

/// Opens the envelope if there is one. @return `malformed_payload` for an envelope that is damaged,
/// else an empty code; then `body` is set. The bodies themselves are not verified yet.
HOLDFAST_EXPORT std::error_code open_envelope(std::span<const std::byte> payload, Body& body);

/// Puts a finished FlatBuffer into an envelope.
HOLDFAST_EXPORT std::vector<std::byte> seal_envelope(const Origin& origin,
                                                     std::span<const std::byte> body);

namespace detail {

/// Tells a foreign buffer (readable, other identifier) from a damaged one, before verification.
HOLDFAST_EXPORT std::error_code check_identifier(std::span<const std::byte> bytes,
                                                 std::string_view identifier);

}  // namespace detail

/// Verifies a finished FlatBuffer. @return null and `error` set to `malformed_payload` or
/// `foreign_payload`; else the root, which points into `bytes`.
template <Payload T>
const T* verify(std::span<const std::byte> bytes, std::error_code& error) {
  error = detail::check_identifier(bytes, Schema<T>::identifier);
  if (error) return nullptr;
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size(), limits::kMaxFlatbufferDepth,
                                 limits::kMaxFlatbufferTables);
  if (!verifier.VerifyBuffer<T>(Schema<T>::identifier.data())) {
    error = Errc::malformed_payload;
    return nullptr;
  }
  return flatbuffers::GetRoot<T>(data);
}

/// Serialises the object form of a root type into a finished buffer with its identifier.
template <Payload T>
flatbuffers::DetachedBuffer pack(const typename T::NativeTableType& object) {
  flatbuffers::FlatBufferBuilder builder(256);
  builder.Finish(T::Pack(builder, &object), Schema<T>::identifier.data());
  return builder.Release();
}

/// The bytes of a finished buffer.
inline std::span<const std::byte> as_payload(const flatbuffers::DetachedBuffer& buffer) noexcept {
  return std::as_bytes(std::span(buffer.data(), buffer.size()));
}

/// The same, of a builder that is finished.
inline std::span<const std::byte> as_payload(
    const flatbuffers::FlatBufferBuilder& builder) noexcept {
  return std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
}

}  // namespace holdfast
