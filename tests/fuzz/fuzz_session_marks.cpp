// The marks of sessions, damaged or tampered with: taken or refused, bounded, and written as read.

#include <string>

#include <holdfast/limits.hpp>

#include "fuzz.hpp"
#include "session/session_marks.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  std::string why;
  auto marks = session::decode_session_marks({data, size}, why);
  if (!marks) {
    fuzz::require(!why.empty(), "a refusal says why");
    return 0;
  }
  fuzz::require(marks->brokers().size() <= limits::kMarkedBrokers, "a few brokers");
  const auto again = session::decode_session_marks(session::encode_session_marks(*marks), why);
  fuzz::require(
      again && again->client_id() == marks->client_id() && again->brokers() == marks->brokers(),
      "what was written is read as the same");
  marks->add("broker.example.com:8883");
  fuzz::require(marks->knows("broker.example.com:8883"), "a login is noted");
  fuzz::require(marks->brokers().size() <= limits::kMarkedBrokers, "and makes room");
  return 0;
}
