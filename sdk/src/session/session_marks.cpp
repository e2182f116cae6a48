#include "session/session_marks.hpp"

#include <algorithm>

#include <flatbuffers/flatbuffers.h>

#include <holdfast/limits.hpp>
#include <holdfast/payload.hpp>

#include "session_marks_generated.h"

namespace holdfast::session {

bool SessionMarks::knows(std::string_view broker) const {
  return std::find(brokers_.begin(), brokers_.end(), broker) != brokers_.end();
}

bool SessionMarks::add(std::string_view broker) {
  if (knows(broker)) return false;
  if (brokers_.size() >= limits::kMarkedBrokers) brokers_.erase(brokers_.begin());
  brokers_.emplace_back(broker);
  return true;
}

std::vector<std::uint8_t> encode_session_marks(const SessionMarks& marks) {
  flatbuffers::FlatBufferBuilder builder;
  // One after the other: as arguments of one call each compiler would write them in an order of its
  // own.
  const auto brokers = builder.CreateVectorOfStrings(marks.brokers());
  const auto client_id = builder.CreateString(marks.client_id());
  builder.Finish(wire::CreateSessionMarks(builder, client_id, brokers),
                 Schema<wire::SessionMarks>::identifier.data());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

std::optional<SessionMarks> decode_session_marks(std::span<const std::uint8_t> bytes,
                                                 std::string& why) {
  std::error_code error;
  const auto* table = verify<wire::SessionMarks>(std::as_bytes(bytes), error);
  if (table == nullptr) {
    why = "they are no marks of sessions: " + error.message();
    return std::nullopt;
  }
  SessionMarks marks(table->client_id() == nullptr ? "" : table->client_id()->str());
  if (table->brokers() == nullptr) return marks;
  for (const auto* broker : *table->brokers()) {
    if (marks.brokers().size() == limits::kMarkedBrokers) break;
    marks.add(broker->string_view());
  }
  return marks;
}

}  // namespace holdfast::session
