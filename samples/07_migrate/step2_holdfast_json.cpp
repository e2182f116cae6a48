// Step 2: the same JSON, over one pinned session. What changes is who connects, and by what the
// broker is known.
//
//   step2_holdfast_json --broker mqtts://broker.example.com --pin sha256/… --pin sha256/…
//
// Exit codes: 0 every reading was acknowledged, 1 some were not, 2 usage, 3 to 5 as the other
// samples.

#include "holdfast_app.hpp"

namespace {

int run(int argc, char** argv) {
  sample::EndSignals signals;
  migrate::HoldfastLine line;
  int exit = sample::kDone;
  if (!migrate::parse("step2_holdfast_json", "Publishes JSON over one pinned session.", argc, argv,
                      line, exit)) {
    return exit;
  }
  holdfast::Device device(sample::to_options(line.connection, line.client_id));
  return migrate::run(device, line.job, signals, [&](const migrate::Fix& fix) {
    device.publish("truck/17/json", holdfast::as_payload(migrate::as_json(fix)));
  });
}

}  // namespace

int main(int argc, char** argv) {
  return sample::run_guarded("step2_holdfast_json", [&] { return run(argc, argv); });
}
