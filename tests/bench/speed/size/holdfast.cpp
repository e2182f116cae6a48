// The least that a program with Holdfast does: the benchmark looks how large it is.

#include <chrono>

#include <holdfast/device.hpp>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  holdfast::Device device({.broker = argv[1],
                           .client_id = "size",
                           .pins = {argv[2]},
                           .pin_count = holdfast::PinCount::one_is_enough});
  device.start();
  device.publish("size", holdfast::as_payload("x"));
  return device.drain(std::chrono::seconds(10)).undelivered == 0 ? 0 : 1;
}
