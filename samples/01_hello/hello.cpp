#include <holdfast/device.hpp>
#include <iostream>
#include <thread>

#include "command_generated.h"
#include "done_generated.h"
#include "reading_generated.h"

using namespace std::chrono_literals;

DoneT obey(const Command& command) {
  std::cout << command.verb()->c_str() << std::endl;
  return DoneT{};
}

ReadingT read_sensors() {
  std::this_thread::sleep_for(30s);
  return ReadingT{};  // fill in what your sensors say
}

int main() {
  holdfast::Device device({
      .broker = "mqtts://broker.example.com:8883",
      .client_id = "truck-17",
      .pins = {"sha256/…in service…", "sha256/…backup…"},
      .state_dir = "/var/lib/truck",
  });
  device.on_command<Command, Done>("truck/17/cmd", obey);
  auto readings = device.stream<Reading>("truck/17/r", {.max_delay = 5min, .ttl = 24h});
  device.start();
  for (;;) readings.push(read_sensors());
}
