#include "twin/kept_state.hpp"

#include <holdfast/limits.hpp>
#include <holdfast/payload.hpp>

#include "kept_state_generated.h"

namespace holdfast::twin {
namespace {

const std::uint8_t* data_of(const std::vector<std::byte>& bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

// @return false for one that is too long, or has a body without a version or the other way round.
bool take(const flatbuffers::Vector<std::uint8_t>* from, std::uint64_t version,
          std::vector<std::byte>& to) {
  const std::size_t size = from == nullptr ? 0 : from->size();
  if (size > limits::kMaxStateBytes || (size == 0) != (version == 0)) return false;
  if (size == 0) return true;
  const auto bytes = std::as_bytes(std::span(from->data(), size));
  to.assign(bytes.begin(), bytes.end());
  return true;
}

}  // namespace

std::vector<std::uint8_t> encode_kept(const KeptState& state) {
  flatbuffers::FlatBufferBuilder builder(state.desired.size() + state.reported.size() + 256);
  const auto topic = builder.CreateString(state.topic);
  const auto desired = builder.CreateVector(data_of(state.desired), state.desired.size());
  const auto reported = builder.CreateVector(data_of(state.reported), state.reported.size());
  builder.Finish(
      wire::CreateKeptState(builder, topic, state.desired_version, desired, state.reported_version,
                            reported, state.acknowledged, state.in_use),
      Schema<wire::KeptState>::identifier.data());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

std::optional<KeptState> decode_kept(std::span<const std::uint8_t> bytes, std::string& why) {
  std::error_code error;
  const auto* table = verify<wire::KeptState>(std::as_bytes(bytes), error);
  if (table == nullptr) {
    why = "it is no state document: " + error.message();
    return std::nullopt;
  }
  KeptState state{.topic = table->topic() == nullptr ? std::string() : table->topic()->str(),
                  .desired_version = table->desired_version(),
                  .desired = {},
                  .reported_version = table->reported_version(),
                  .reported = {},
                  .acknowledged = table->acknowledged(),
                  .in_use = table->in_use()};
  if (!take(table->desired(), state.desired_version, state.desired) ||
      !take(table->reported(), state.reported_version, state.reported)) {
    why = "a document in it is too long, or does not go with its version";
    return std::nullopt;
  }
  return state;
}

}  // namespace holdfast::twin
