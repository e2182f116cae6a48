#include "commands/memory_record.hpp"

#include <algorithm>

#include <flatbuffers/flatbuffers.h>

#include <holdfast/limits.hpp>
#include <holdfast/payload.hpp>

#include "command_record_generated.h"

namespace holdfast::commands {
namespace {

// More seconds than any device runs, and far from the end of 64 bits.
constexpr std::uint64_t kMostSeconds = std::uint64_t{1} << 40;

}  // namespace

std::vector<std::uint8_t> encode_record(const Remembered& one) {
  flatbuffers::FlatBufferBuilder builder;
  flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> reply;
  if (!one.reply.empty()) {
    reply = builder.CreateVector(reinterpret_cast<const std::uint8_t*>(one.reply.data()),
                                 one.reply.size());
  }
  const auto seen = std::min(static_cast<std::uint64_t>(one.seen.count()), kMostSeconds);
  builder.Finish(wire::CreateCommandRecord(builder, one.id.high, one.id.low, one.request, seen,
                                           static_cast<wire::CommandState>(one.state), reply),
                 Schema<wire::CommandRecord>::identifier.data());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

std::optional<Remembered> decode_record(std::span<const std::uint8_t> bytes, std::string& why) {
  std::error_code error;
  const auto* table = verify<wire::CommandRecord>(std::as_bytes(bytes), error);
  if (table == nullptr) {
    why = "it is not a record of a command: " + error.message();
    return std::nullopt;
  }
  Remembered one{.id = {table->id_high(), table->id_low()},
                 .request = table->request(),
                 .seen = Seconds(std::min(table->seen(), kMostSeconds)),
                 .state = Remembered::State::begun};
  const std::size_t size = table->reply() == nullptr ? 0 : table->reply()->size();
  switch (table->state()) {
    case wire::CommandState::begun:
      break;
    case wire::CommandState::answered:
      one.state = Remembered::State::answered;
      break;
    case wire::CommandState::answered_at_length:
      one.state = Remembered::State::answered_at_length;
      break;
    default:
      why = "it has a state that nobody knows";
      return std::nullopt;
  }
  if (size > limits::kMaxKeptReplyBytes ||
      (size > 0) != (one.state == Remembered::State::answered)) {
    why = "its reply and its state contradict each other";
    return std::nullopt;
  }
  if (size > 0) {
    const auto reply = std::as_bytes(std::span(table->reply()->data(), size));
    one.reply.assign(reply.begin(), reply.end());
  }
  return one;
}

}  // namespace holdfast::commands
