// A device with a clock that a test has set (libfaketime concerns a whole process): connects, sends
// one message, and says what became of it.
// Usage: holdfast_test_clock_device URL CA_FILE|- PIN... ; exit codes: 0 delivered, 3 refused.

#include <atomic>
#include <cstdio>
#include <ctime>
#include <future>
#include <string>

#include <holdfast/device.hpp>

int main(int count, char** words) {
  using namespace holdfast;
  if (count < 4) return 2;
  Options options;
  options.broker = words[1];
  options.client_id = "device-with-a-clock";
  options.pins.assign(words + 3, words + count);
  if (std::string(words[2]) != "-") {
    options.trust = TrustMode::pinned_and_ca;
    options.ca_file = words[2];
  }
  std::promise<int> outcome;
  std::atomic<bool> told{false};
  const auto tell = [&](int code) {
    if (!told.exchange(true)) outcome.set_value(code);
  };
  Device device(options);
  device.on_event([&](const Event& event) {
    std::printf("%s\n", event.detail.c_str());
    if (event.kind == EventKind::connect_failed) tell(3);
  });
  std::printf("time %lld\n", static_cast<long long>(std::time(nullptr)));
  device.start();
  device.publish("t", as_payload("x"), {.on_done = [&](const Delivery& delivery) {
                   if (!delivery.error) tell(0);
                 }});
  return outcome.get_future().get();
}
