#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "support/scripted_server.hpp"
#include "support/tls13_crypto.hpp"

namespace holdfast::test::tls13 {

// The record protocol of TLS 1.3 (RFC 8446 section 5) on a ScriptedConnection. A
// direction without keys is in clear text.
class RecordLayer {
 public:
  explicit RecordLayer(ScriptedConnection& connection) : connection_(connection) {}

  std::optional<TrafficKeys> sending;
  std::optional<TrafficKeys> receiving;

  // Puts it behind what waits for flush(), in as many records as it takes.
  void write(ContentType type, std::string_view bytes);
  void write_in_clear(ContentType type, std::string_view bytes);
  // Sends in segments of at most so many octets; 0 is all at once. False when the
  // peer is gone.
  bool flush(std::size_t segment_bytes = 0);

  struct Record {
    ContentType type = ContentType::kNone;
    std::string bytes;
    // Sealed, and not with the keys that the peer should have: `bytes` is as it came.
    bool undecipherable = false;
  };

  // Empty at the end of the stream.
  std::optional<Record> read();

 private:
  ScriptedConnection& connection_;
  std::string waiting_;
};

}  // namespace holdfast::test::tls13
