// A test of an app: its reading arrives, on a clock that nobody waits for.

#include <holdfast/device.hpp>
#include <holdfast/testing.hpp>
#include <iostream>

int main() {
  holdfast::testing::World world;
  holdfast::Device device = world.device(world.options("truck-17"));
  device.start();
  world.advance(std::chrono::seconds(10));
  device.publish("truck/17/r", holdfast::as_payload("21.5"));
  world.advance(std::chrono::seconds(10));
  const auto count = world.broker().published("truck/17/r").size();
  std::cout << count << " arrived\n";
  return count == 1 ? 0 : 1;
}
