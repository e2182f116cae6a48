#include "bench/wire/rows.hpp"

#include <cmath>
#include <cstring>

#include <holdfast/limits.hpp>

#include "bench/wire/readings.hpp"
#include "bench/wire/ways.hpp"

namespace holdfast::bench::wire {
namespace {

using namespace std::chrono_literals;

// Of mosquitto and nginx, both by OpenSSL's default; found in the tickets that they send.
constexpr auto kTicketLife = 2h;

struct Payload {
  bool json;
  const char* suffix;
  const char* name;
};
constexpr Payload kPayloads[] = {{true, "json", "JSON"}, {false, "44", "44 bytes"}};

std::size_t bytes_of(const Payload& payload) {
  return payload.json ? static_cast<std::size_t>(std::lround(mean_json_bytes())) : kOpaqueBytes;
}

Row row_of(std::string key, std::string name, std::string carries, std::size_t payload_bytes) {
  Row row;
  row.key = std::move(key);
  row.name = std::move(name);
  row.carries = std::move(carries);
  row.payload_bytes = payload_bytes;
  row.topic_bytes = std::strlen(kTopic);
  return row;
}

// --- HTTP ----------------------------------------------------------------------------------------

std::string missing_for_http(const HttpSettings& settings) {
  if (!Nginx::is_installed()) return "nginx-light";
  if (settings.reuse == Reuse::nothing) return find_program("curl").empty() ? "curl" : "";
  return has_libcurl() ? "" : "libcurl4-openssl-dev (and configure again)";
}

void add_http(std::vector<Row>& rows, const std::string& key, const std::string& name,
              HttpSettings settings, bool on_lossy_lines) {
  for (const Payload& payload : kPayloads) {
    settings.json = payload.json;
    Row row = row_of(key + " " + payload.suffix, name, payload.name, bytes_of(payload));
    row.keeps_session = settings.reuse == Reuse::connection || settings.reuse == Reuse::http2;
    row.speaks_first = row.keeps_session;
    row.on_lossy_lines = on_lossy_lines && !payload.json;
    row.lacks = missing_for_http(settings);
    if (row.keeps_session) row.ticket_life = 0h;  // libcurl's tickets end with the handle
    row.make = [settings](const Stage& stage) { return http_way(stage, settings); };
    rows.push_back(std::move(row));
  }
}

void add_all_http(std::vector<Row>& rows) {
  using enum Reuse;
  add_http(rows, "https new rsa", "HTTPS POST, new connection, RSA chain", {nothing, Server::rsa},
           true);
  add_http(rows, "https new ecdsa", "HTTPS POST, new connection, ECDSA chain",
           {nothing, Server::ecdsa}, false);
  add_http(rows, "https new p256", "HTTPS POST, new connection, one P-256 certificate",
           {nothing, Server::single}, false);
  add_http(rows, "https resumed", "HTTPS POST, new connection, TLS resumed",
           {tls_session, Server::rsa}, true);
  add_http(rows, "http new", "plain HTTP POST, new connection", {nothing, Server::plain}, false);
  add_http(rows, "https keep-alive", "HTTPS/1.1, connection kept", {connection, Server::rsa}, true);
  add_http(rows, "https http2", "HTTP/2, connection kept", {http2, Server::rsa}, false);
}

// --- CoAP ----------------------------------------------------------------------------------------

std::string missing_for_coap() {
  if (!CoapServer::is_installed()) return "libcoap3-bin";
  return has_libcoap() ? "" : "libcoap3-dev (and configure again)";
}

void add_coap(std::vector<Row>& rows, const std::string& key, const std::string& name,
              CoapSettings settings) {
  Row row = row_of(key, name, "44 bytes", kOpaqueBytes);
  row.is_tcp = false;
  row.acknowledged = settings.exchange != Exchange::silent;
  row.on_lossy_lines = !settings.short_path;
  if (settings.short_path) row.topic_bytes = std::strlen(kShortTopic);
  row.lacks = missing_for_coap();
  row.make = [settings](const Stage& stage) { return coap_way(stage, settings); };
  rows.push_back(std::move(row));
}

// --- MQTT ----------------------------------------------------------------------------------------

using MakeMqtt = std::unique_ptr<Way> (*)(const Stage&, const MqttSettings&);

void add_mqtt(std::vector<Row>& rows, const std::string& key, const std::string& name,
              MakeMqtt make, int qos, const Payload& payload) {
  Row row = row_of(key + " qos" + std::to_string(qos) + " " + payload.suffix,
                   name + ", QoS " + std::to_string(qos), payload.name, bytes_of(payload));
  row.acknowledged = qos > 0;
  row.on_lossy_lines = key == "libmosquitto" && !payload.json;
  row.make = [=](const Stage& stage) { return make(stage, {.qos = qos, .json = payload.json}); };
  row.make_impatient = [=](const Stage& stage) {
    return make(stage, {.qos = qos, .json = payload.json, .keep_alive_s = 5});
  };
  rows.push_back(std::move(row));
}

// --- Holdfast ------------------------------------------------------------------------------------

Row& add_holdfast(std::vector<Row>& rows, const std::string& key, const std::string& name,
                  const std::string& carries, HoldfastSettings settings) {
  Row row = row_of(key, name, carries, kOpaqueBytes);
  row.acknowledged = settings.qos > 0;
  row.topic_bytes = settings.topic.size();
  row.readings_a_message = settings.readings_a_message;
  row.ticket_life = kTicketLife;
  row.full_set_up_every = std::chrono::duration_cast<std::chrono::hours>(limits::kResumptionAge);
  row.address_life = std::chrono::duration_cast<std::chrono::hours>(limits::kAddressLifetime);
  row.make = [settings](const Stage& stage) { return holdfast_way(stage, settings); };
  settings.impatient = true;
  row.make_impatient = [settings](const Stage& stage) { return holdfast_way(stage, settings); };
  rows.push_back(std::move(row));
  return rows.back();
}

void add_all_holdfast(std::vector<Row>& rows) {
  for (const int qos : {0, 1}) {
    const std::string digit = std::to_string(qos);
    add_holdfast(rows, "holdfast qos" + digit, "Holdfast, QoS " + digit, "44 bytes", {.qos = qos})
        .on_lossy_lines = true;
    add_holdfast(rows, "holdfast qos" + digit + " short-topic",
                 "Holdfast, QoS " + digit + ", topic of 1 byte", "44 bytes",
                 {.qos = qos, .topic = kShortTopic});
    add_holdfast(rows, "holdfast qos" + digit + " no-timestamps",
                 "Holdfast, QoS " + digit + ", no TCP timestamps", "44 bytes", {.qos = qos})
        .timestamps = false;
  }
  struct Delay {
    std::size_t minutes;
    std::size_t readings;
  };
  for (const Delay& delay : {Delay{1, 2}, Delay{5, 10}, Delay{15, 30}}) {
    const std::string minutes = std::to_string(delay.minutes);
    const std::string late = ", " + minutes + " min of delay";
    add_holdfast(rows, "holdfast opaque " + minutes + "min", "Holdfast, QoS 1" + late, "44 bytes",
                 {.readings_a_message = delay.readings});
    add_holdfast(rows, "holdfast flatbuffers " + minutes + "min", "Holdfast, QoS 1" + late,
                 "FlatBuffers", {.form = Form::flatbuffers, .readings_a_message = delay.readings});
    add_holdfast(rows, "holdfast series " + minutes + "min", "Holdfast, QoS 1" + late, "Series",
                 {.form = Form::series, .readings_a_message = delay.readings})
        .on_lossy_lines = delay.minutes == 5;
  }
}

}  // namespace

std::vector<Row> all_rows() {
  std::vector<Row> rows;
  add_all_http(rows);
  add_coap(rows, "coap con 44", "CoAP over DTLS, confirmable", {.exchange = Exchange::confirmable});
  add_coap(rows, "coap non-answered 44", "CoAP over DTLS, non-confirmable, answered",
           {.exchange = Exchange::answered});
  add_coap(rows, kCoapSilent, "CoAP over DTLS, non-confirmable, no answer",
           {.exchange = Exchange::silent});
  add_coap(rows, "coap non short-path", "CoAP, non-confirmable, no answer, path of 1 byte",
           {.exchange = Exchange::silent, .short_path = true});
  for (const int qos : {0, 1}) {
    for (const Payload& payload : kPayloads) {
      add_mqtt(rows, "libmosquitto", "libmosquitto", &libmosquitto_way, qos, payload);
    }
    add_mqtt(rows, "paho", "Paho C++", &paho_way, qos, kPayloads[1]);
  }
  add_all_holdfast(rows);
  return rows;
}

}  // namespace holdfast::bench::wire
