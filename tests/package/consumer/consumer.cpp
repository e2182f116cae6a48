// Sends one reading to a broker and waits for the acknowledgement: what every way to build with
// Holdfast has to end in.
//
//   consumer BROKER PIN BACKUP_PIN

#include <holdfast/device.hpp>
#include <iostream>

#include "reading_generated.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: consumer BROKER PIN BACKUP_PIN\n";
    return 2;
  }
  try {
    holdfast::Device device(
        {.broker = argv[1], .client_id = "consumer", .pins = {argv[2], argv[3]}});
    device.on_event([](const holdfast::Event& event) {
      std::cerr << holdfast::to_string(event.kind) << ": " << event.detail << '\n';
    });
    auto readings = device.stream<Reading>("consumer/r");
    device.start();
    ReadingT reading;
    reading.celsius = 21.5F;
    const holdfast::Receipt receipt = readings.push(reading);
    const bool delivered = receipt && device.drain(std::chrono::seconds(20)).undelivered == 0;
    std::cout << "holdfast " << holdfast::version() << ": "
              << (delivered ? "delivered" : "not delivered") << '\n';
    return delivered ? 0 : 1;
  } catch (const holdfast::ConfigError& error) {
    std::cerr << error.field() << ": " << error.mend() << '\n';
    return 3;
  }
}
