// Step 4: the same readings as a series that may wait. Those of five minutes are columns in one
// message.
//
//   step4_series --broker mqtts://broker.example.com --pin sha256/… --pin sha256/… --max-delay 5min
//
// Exit codes: as step 2.

#include "channels.hpp"
#include "holdfast_app.hpp"

namespace {

int run(int argc, char** argv) {
  sample::EndSignals signals;
  migrate::HoldfastLine line;
  int exit = sample::kDone;
  if (!migrate::parse("step4_series", "Publishes a series over one pinned session.", argc, argv,
                      line, exit)) {
    return exit;
  }
  holdfast::Device device(sample::to_options(line.connection, line.client_id));
  auto drive = device.series("truck/17/drive", migrate::channels(), {.max_delay = line.max_delay});
  return migrate::run(device, line.job, signals, [&](const migrate::Fix& fix) {
    drive.push(fix, {.time = std::chrono::sys_seconds(std::chrono::seconds(fix.time_s))});
  });
}

}  // namespace

int main(int argc, char** argv) {
  return sample::run_guarded("step4_series", [&] { return run(argc, argv); });
}
