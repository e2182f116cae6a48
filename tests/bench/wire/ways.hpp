// The ways to send readings that are compared; rows.cpp puts them together.

#pragma once

#include <memory>
#include <string>

#include "bench/wire/way.hpp"

namespace holdfast::bench::wire {

// --- Holdfast ------------------------------------------------------------------------------------

enum class Form { opaque, flatbuffers, series };

struct HoldfastSettings {
  Form form = Form::opaque;
  int qos = 1;
  std::string topic = kTopic;
  std::size_t readings_a_message = 1;
  /// The shortest probing that the options allow, which would show if there were any.
  bool impatient = false;
};

std::unique_ptr<Way> holdfast_way(const Stage& stage, const HoldfastSettings& settings);

// --- Other MQTT clients --------------------------------------------------------------------------

struct MqttSettings {
  int qos = 1;
  bool json = false;
  int keep_alive_s = 60;  ///< the default of both libraries
};

std::unique_ptr<Way> libmosquitto_way(const Stage& stage, const MqttSettings& settings);
std::unique_ptr<Way> paho_way(const Stage& stage, const MqttSettings& settings);

// --- HTTP ----------------------------------------------------------------------------------------

enum class Reuse {
  nothing,      ///< a curl command for each reading
  tls_session,  ///< a new connection each, with the last one's ticket
  connection,   ///< HTTP/1.1 keep-alive
  http2         ///< one HTTP/2 connection
};
enum class Server { plain, rsa, ecdsa, single };

struct HttpSettings {
  Reuse reuse = Reuse::nothing;
  Server server = Server::rsa;
  bool json = false;
};

/// Whether the ways that are not `Reuse::nothing` were built in.
bool has_libcurl();
std::unique_ptr<Way> http_way(const Stage& stage, const HttpSettings& settings);

// --- CoAP over DTLS ------------------------------------------------------------------------------

enum class Exchange {
  silent,       ///< non-confirmable, and no answer is wanted (RFC 7967)
  answered,     ///< non-confirmable, with an answer that may get lost
  confirmable,  ///< repeated until it is acknowledged
};

struct CoapSettings {
  Exchange exchange = Exchange::confirmable;
  bool short_path = false;  ///< one segment of one byte
};

/// Whether they were built in.
bool has_libcoap();
std::unique_ptr<Way> coap_way(const Stage& stage, const CoapSettings& settings);

}  // namespace holdfast::bench::wire
