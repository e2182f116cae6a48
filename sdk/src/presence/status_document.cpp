#include "presence/status_document.hpp"

#include <algorithm>
#include <limits>

#include <holdfast/limits.hpp>
#include <holdfast/payload.hpp>

#include "status_generated.h"

namespace holdfast::presence {
namespace {

// A later release may take more pins into a set; beyond this it is no set.
constexpr std::size_t kMostPins = 4 * limits::kMaxPins;

std::uint32_t narrow(std::uint64_t number) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(number, std::numeric_limits<std::uint32_t>::max()));
}

wire::PinPrefix to_wire(const PinPrefix& prefix) {
  return wire::PinPrefix(flatbuffers::span<const std::uint8_t, kPrefixBytes>(prefix));
}

PinPrefix from_wire(const wire::PinPrefix& prefix) {
  PinPrefix result{};
  std::copy(prefix.bytes()->begin(), prefix.bytes()->end(), result.begin());
  return result;
}

// What a later release may have added is taken as the most severe that is known.
Admission admission_of(std::uint8_t number) {
  return static_cast<Admission>(std::min(number, static_cast<std::uint8_t>(Admission::nothing)));
}

template <class Vector>
bool too_many(const Vector* vector) {
  return vector != nullptr && vector->size() > kMostPins;
}

}  // namespace

PinPrefix prefix_of(const pinning::Pin& pin) {
  PinPrefix prefix{};
  std::copy_n(pin.digest.begin(), prefix.size(), prefix.begin());
  return prefix;
}

std::vector<std::byte> encode_status(const StatusDocument& status) {
  flatbuffers::FlatBufferBuilder builder(256);
  std::vector<wire::PinPrefix> prefixes;
  for (const PinPrefix& pin : status.pins) prefixes.push_back(to_wire(pin));
  std::vector<wire::CandidateMark> marks;
  for (const auto& [pin, matches] : status.candidates) marks.emplace_back(to_wire(pin), matches);
  // What is empty costs nothing.
  flatbuffers::Offset<flatbuffers::Vector<const wire::PinPrefix*>> pins;
  if (!prefixes.empty()) pins = builder.CreateVectorOfStructs(prefixes);
  flatbuffers::Offset<flatbuffers::Vector<const wire::CandidateMark*>> candidates;
  if (!marks.empty()) candidates = builder.CreateVectorOfStructs(marks);
  flatbuffers::Offset<flatbuffers::Vector<std::uint16_t>> shares;
  if (const auto& told = status.permille_by_cause) {
    shares = builder.CreateVector(told->data(), told->size());
  }
  std::optional<wire::BudgetMark> budget;
  if (status.budget) {
    budget.emplace(status.budget->used, status.budget->allowance,
                   static_cast<std::uint8_t>(status.budget->admission));
  }
  std::optional<wire::Digest> vouching;
  if (status.vouching) {
    vouching.emplace(
        flatbuffers::span<const std::uint8_t, pinning::kDigestBytes>(status.vouching->digest));
  }
  builder.Finish(wire::CreateDeviceStatus(
                     builder, status.online, narrow(status.written), pins, status.pin_set_version,
                     status.sdk_version, status.pin_set_proven, vouching ? &*vouching : nullptr,
                     candidates, status.boot, narrow(status.since), status.bytes_up,
                     status.bytes_down, narrow(status.connections), narrow(status.full_handshakes),
                     narrow(status.resumed_handshakes), shares, budget ? &*budget : nullptr),
                 Schema<wire::DeviceStatus>::identifier.data());
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

std::optional<StatusDocument> decode_status(std::span<const std::byte> bytes, std::string& why) {
  why.clear();
  // It lies where the broker's packet put it; FlatBuffers wants multiples of eight.
  const std::vector<std::byte> aligned(bytes.begin(), bytes.end());
  std::error_code error;
  const auto* table = verify<wire::DeviceStatus>(aligned, error);
  if (table == nullptr) {
    why = error.message();
    return std::nullopt;
  }
  if (too_many(table->pins()) || too_many(table->candidates())) {
    why = "it has more pins than a set may have";
    return std::nullopt;
  }
  StatusDocument status{.online = table->online(),
                        .written = table->written(),
                        .pins = {},
                        .pin_set_version = table->pin_set_version(),
                        .sdk_version = table->sdk_version(),
                        .pin_set_proven = table->pin_set_proven(),
                        .vouching = std::nullopt,
                        .candidates = {},
                        .boot = table->boot(),
                        .since = table->since(),
                        .bytes_up = table->bytes_up(),
                        .bytes_down = table->bytes_down(),
                        .connections = table->connections(),
                        .full_handshakes = table->full_handshakes(),
                        .resumed_handshakes = table->resumed_handshakes(),
                        .permille_by_cause = std::nullopt,
                        .budget = std::nullopt};
  if (table->pins() != nullptr) {
    for (const auto* pin : *table->pins()) status.pins.push_back(from_wire(*pin));
  }
  if (table->candidates() != nullptr) {
    for (const auto* mark : *table->candidates()) {
      status.candidates.emplace_back(from_wire(mark->pin()), mark->matches());
    }
  }
  if (const auto* shares = table->permille_by_cause()) {
    const auto known = std::min<std::size_t>(shares->size(), kCauses);
    status.permille_by_cause.emplace();
    std::copy_n(shares->begin(), known, status.permille_by_cause->begin());
  }
  if (const auto* budget = table->budget()) {
    status.budget = {.used = budget->used(),
                     .allowance = budget->allowance(),
                     .admission = admission_of(budget->admission())};
  }
  if (const auto* vouching = table->vouching()) {
    status.vouching.emplace();
    std::copy(vouching->bytes()->begin(), vouching->bytes()->end(),
              status.vouching->digest.begin());
  }
  return status;
}

}  // namespace holdfast::presence
