// Step 3: the same readings as FlatBuffers (schemas/samples/reading.fbs), on a topic of their own.
// Each carries a number now, by which a receiver drops second copies and sees gaps.
//
//   step3_flatbuffers --broker mqtts://broker.example.com --pin sha256/… --pin sha256/…
//
// Exit codes: as step 2.

#include <cmath>

#include "holdfast_app.hpp"
#include "reading_generated.h"

namespace {

template <class Number>
Number rounded(double value) {
  return static_cast<Number>(std::llround(value));
}

ReadingT reading_of(const migrate::Fix& fix) {
  ReadingT reading;
  reading.time_ms = static_cast<std::uint64_t>(fix.time_s) * 1'000;
  reading.lat_e7 = rounded<std::int32_t>(fix.lat * 1e7);
  reading.lon_e7 = rounded<std::int32_t>(fix.lon * 1e7);
  reading.speed_cm_s = rounded<std::uint16_t>(fix.speed * 100);
  reading.heading_cdeg = rounded<std::uint16_t>(fix.heading * 100);
  reading.fuel_permille = rounded<std::uint16_t>(fix.fuel * 10);
  return reading;
}

int run(int argc, char** argv) {
  sample::EndSignals signals;
  migrate::HoldfastLine line;
  int exit = sample::kDone;
  if (!migrate::parse("step3_flatbuffers", "Publishes FlatBuffers over one pinned session.", argc,
                      argv, line, exit)) {
    return exit;
  }
  holdfast::Device device(sample::to_options(line.connection, line.client_id));
  auto readings = device.stream<Reading>("truck/17/r");
  return migrate::run(device, line.job, signals,
                      [&](const migrate::Fix& fix) { readings.push(reading_of(fix)); });
}

}  // namespace

int main(int argc, char** argv) {
  return sample::run_guarded("step3_flatbuffers", [&] { return run(argc, argv); });
}
