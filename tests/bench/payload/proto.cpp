// Protobuf, packed lists of differences, with and without the epoch and the sequence number.

#include <memory>

#include "bench/payload/contender.hpp"
#include "payload_bench.pb.h"

namespace holdfast::bench {
namespace {

void fill(proto::Batch& batch, std::span<const Reading> readings) {
  Reading before;
  for (const Reading& one : readings) {
    batch.add_time(one.time - before.time);
    batch.add_lat(one.lat - before.lat);
    batch.add_lon(one.lon - before.lon);
    batch.add_speed(one.speed - before.speed);
    batch.add_heading(one.heading - before.heading);
    batch.add_fuel(one.fuel - before.fuel);
    before = one;
  }
}

bool read(const proto::Batch& batch, std::vector<Reading>& out) {
  const int rows = batch.time_size();
  for (const int size : {batch.lat_size(), batch.lon_size(), batch.speed_size(),
                         batch.heading_size(), batch.fuel_size()}) {
    if (size != rows) return false;
  }
  Reading now;
  for (int i = 0; i < rows; ++i) {
    now.time += batch.time(i);
    now.lat += batch.lat(i);
    now.lon += batch.lon(i);
    now.speed = static_cast<std::uint16_t>(now.speed + batch.speed(i));
    now.heading = static_cast<std::uint16_t>(now.heading + batch.heading(i));
    now.fuel = static_cast<std::uint16_t>(now.fuel + batch.fuel(i));
    out.push_back(now);
  }
  return true;
}

Contender packed(const char* name, bool with_origin) {
  const auto batch = std::make_shared<proto::Batch>();
  return {name,
          [batch, with_origin](std::span<const Reading> readings, std::vector<std::byte>& out) {
            batch->Clear();
            if (with_origin) {
              batch->set_epoch(kEpoch);
              batch->set_sequence(kSequence);
            }
            fill(*batch, readings);
            out.resize(batch->ByteSizeLong());
            batch->SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(out.data()));
          },
          [batch](std::span<const std::byte> bytes, std::vector<Reading>& out) {
            return batch->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
                   read(*batch, out);
          }};
}

}  // namespace

std::vector<Contender> protobuf() {
  return {packed("Protobuf, packed differences", true),
          packed("Protobuf, without epoch and sequence", false)};
}

}  // namespace holdfast::bench
