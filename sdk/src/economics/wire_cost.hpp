// What a message takes on the wire at least: IP, TCP, TLS 1.3 and MQTT, with nothing lost. Pure
// arithmetic, the same for the plan that a person asks for and for the benchmarks.

#pragma once

#include <cstddef>

namespace holdfast::economics {

/// IP bytes and packets, from the device and to it. Means are not whole numbers.
struct Cost {
  double bytes_up = 0;
  double bytes_down = 0;
  double packets_up = 0;
  double packets_down = 0;

  double bytes() const { return bytes_up + bytes_down; }
  double packets() const { return packets_up + packets_down; }
};

Cost operator+(const Cost& one, const Cost& other);
Cost operator*(double times, const Cost& cost);

/// What a TCP payload travels in.
struct Path {
  bool ipv6 = false;
  bool timestamps = true;  ///< TCP's (RFC 7323): 12 bytes a segment
  std::size_t mtu = 1'500;
  /// What TLS 1.3 adds to a record (RFC 8446 section 5.2): a header of 5 bytes, the content type
  /// and the tag of 16, of 8 with CCM_8; 0 for plain TCP.
  std::size_t record_bytes = 22;

  /// Of IP and TCP, of a segment on an established connection.
  std::size_t header_bytes() const;
  std::size_t segment_payload_bytes() const { return mtu - header_bytes(); }
};

/// The bytes of a PUBLISH, its fixed header included, in the version that needs fewer (MQTT 3.1.1
/// section 3.3; MQTT 5 has a byte for the properties that are not there).
/// @param acknowledged QoS 1, which has a packet identifier
std::size_t publish_bytes(std::size_t topic_bytes, std::size_t payload_bytes, bool acknowledged);

/// TCP's own costs of bytes that go up at once on a line that is quiet otherwise: full segments,
/// and the acknowledgement of every second one and of the last (RFC 1122 section 4.2.3.2).
/// @param answer_bytes what the peer answers: its segment acknowledges the last of ours, and is
///                     acknowledged itself; 0 for nothing
Cost exchange(const Path& path, std::size_t bytes, std::size_t answer_bytes);

/// The least that one message can take: its PUBLISH in as few records as it fits into, and the
/// answers, each by itself as on a line where messages are far apart.
Cost least_message(const Path& path, std::size_t topic_bytes, std::size_t payload_bytes,
                   bool acknowledged);

/// An MQTT ping and its answer, each acknowledged by TCP: 204 bytes over IPv4 with
/// timestamps.
Cost ping(const Path& path);

/// Once for a connection: TCP's three segments at its begin, with the options that Linux sends.
Cost tcp_opening(const Path& path);

}  // namespace holdfast::economics
