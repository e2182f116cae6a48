#include "commands/command_error.hpp"

#include <flatbuffers/flatbuffers.h>

#include "command_error_generated.h"

namespace holdfast {

std::string_view to_string(CommandReason reason) noexcept {
  switch (reason) {
    case CommandReason::app:
      return "app";
    case CommandReason::failed:
      return "failed";
    case CommandReason::interrupted:
      return "interrupted";
    case CommandReason::reply_gone:
      return "reply_gone";
    case CommandReason::malformed:
      return "malformed";
    case CommandReason::expired:
      return "expired";
    case CommandReason::no_deadline:
      return "no_deadline";
    case CommandReason::no_id:
      return "no_id";
    case CommandReason::id_reused:
      return "id_reused";
    case CommandReason::busy:
      return "busy";
    case CommandReason::unavailable:
      return "unavailable";
  }
  return "unknown";
}

namespace commands {
namespace {

std::string_view cut(std::string_view text) {
  if (text.size() <= limits::kMaxCommandErrorBytes) return text;
  std::size_t end = limits::kMaxCommandErrorBytes;
  // UTF-8: bytes of the form 10xxxxxx go on a character (RFC 3629 section 3).
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace

std::vector<std::byte> encode_error(const CommandError& error) {
  flatbuffers::FlatBufferBuilder builder(256);
  const auto text = builder.CreateString(cut(error.text));
  builder.Finish(wire::CreateCommandError(builder, static_cast<wire::CommandReason>(error.reason),
                                          error.code, text),
                 Schema<wire::CommandError>::identifier.data());
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

std::optional<CommandError> decode_error(std::span<const std::byte> payload) {
  std::error_code error;
  const auto* table = verify<wire::CommandError>(payload, error);
  if (table == nullptr) return std::nullopt;
  // What a newer release has thought of is told as what says least.
  const bool is_known = table->reason() <= wire::CommandReason::MAX;
  const auto reason =
      is_known ? static_cast<CommandReason>(table->reason()) : CommandReason::failed;
  return CommandError{table->code(),
                      std::string(cut(table->text() == nullptr ? std::string_view()
                                                               : table->text()->string_view())),
                      reason};
}

Errc errc_of(CommandReason reason) {
  switch (reason) {
    case CommandReason::app:
    case CommandReason::failed:
      return Errc::command_failed;
    case CommandReason::interrupted:
      return Errc::command_interrupted;
    case CommandReason::reply_gone:
      return Errc::reply_lost;
    case CommandReason::expired:
      return Errc::expired;
    case CommandReason::malformed:
    case CommandReason::no_deadline:
    case CommandReason::no_id:
    case CommandReason::id_reused:
    case CommandReason::busy:
    case CommandReason::unavailable:
      return Errc::command_refused;
  }
  return Errc::command_failed;
}

}  // namespace commands
}  // namespace holdfast
