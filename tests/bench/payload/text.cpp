// JSON and CBOR, by nlohmann.

#include <nlohmann/json.hpp>

#include "bench/payload/contender.hpp"

namespace holdfast::bench {
namespace {

using nlohmann::json;

// Objects, as people write them.
json objects(std::span<const Reading> readings) {
  json list = json::array();
  for (const Reading& one : readings) {
    list.push_back({{"time", one.time},
                    {"lat", one.lat},
                    {"lon", one.lon},
                    {"speed", one.speed},
                    {"heading", one.heading},
                    {"fuel", one.fuel}});
  }
  return {{"epoch", kEpoch}, {"sequence", kSequence}, {"readings", std::move(list)}};
}

bool read(const json& batch, std::vector<Reading>& out) {
  if (!batch.is_object()) return false;
  for (const json& one : batch.at("readings")) {
    out.push_back({.time = one.at("time"),
                   .lat = one.at("lat"),
                   .lon = one.at("lon"),
                   .speed = one.at("speed"),
                   .heading = one.at("heading"),
                   .fuel = one.at("fuel")});
  }
  return true;
}

// Lists without names, the shortest that CBOR can do without differences.
json lists(std::span<const Reading> readings) {
  json list = json::array();
  for (const Reading& one : readings) {
    list.push_back({one.time, one.lat, one.lon, one.speed, one.heading, one.fuel});
  }
  return {kEpoch, kSequence, std::move(list)};
}

bool read_lists(const json& batch, std::vector<Reading>& out) {
  if (!batch.is_array() || batch.size() != 3) return false;
  for (const json& one : batch.at(2)) {
    out.push_back({.time = one.at(0),
                   .lat = one.at(1),
                   .lon = one.at(2),
                   .speed = one.at(3),
                   .heading = one.at(4),
                   .fuel = one.at(5)});
  }
  return true;
}

}  // namespace

Contender json() {
  return {"JSON objects",
          [](std::span<const Reading> readings, std::vector<std::byte>& out) {
            const std::string text = objects(readings).dump();
            const auto bytes = std::as_bytes(std::span(text));
            out.assign(bytes.begin(), bytes.end());
          },
          [](std::span<const std::byte> bytes, std::vector<Reading>& out) {
            const auto* text = reinterpret_cast<const char*>(bytes.data());
            return read(nlohmann::json::parse(text, text + bytes.size(), nullptr, false), out);
          }};
}

Contender cbor() {
  return {"CBOR lists",
          [](std::span<const Reading> readings, std::vector<std::byte>& out) {
            const auto written = nlohmann::json::to_cbor(lists(readings));
            const auto bytes = std::as_bytes(std::span(written));
            out.assign(bytes.begin(), bytes.end());
          },
          [](std::span<const std::byte> bytes, std::vector<Reading>& out) {
            const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
            return read_lists(nlohmann::json::from_cbor(data, data + bytes.size(), true, false),
                              out);
          }};
}

}  // namespace holdfast::bench
