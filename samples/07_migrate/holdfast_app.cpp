#include "holdfast_app.hpp"

#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>

namespace migrate {
namespace {

using namespace std::chrono_literals;

constexpr auto kBound = 20s;

// What the device's handler thread tells.
struct Progress {
  std::mutex mutex;
  std::condition_variable changed;
  bool connected = false;
  std::error_code error;

  void take(const holdfast::Event& event) {
    const std::lock_guard lock(mutex);
    if (event.kind == holdfast::EventKind::connected) connected = true;
    if (event.error) {
      error = event.error;
      std::fprintf(stderr, "%s: %s\n", std::string(holdfast::to_string(event.kind)).c_str(),
                   event.detail.c_str());
    }
    changed.notify_all();
  }
};

}  // namespace

bool parse(const char* program, const char* purpose, int argc, char** argv, HoldfastLine& line,
           int& exit) {
  CLI::App app(purpose, program);
  sample::add_connection_options(app, line.connection);
  app.add_option("--client-id", line.client_id, "unique at the broker; truck-17 unless told");
  add_job_options(app, line.job);
  sample::add_duration_option(app, "--max-delay", line.max_delay,
                              "a reading may wait so long for others, where the step lets it; 5min "
                              "unless told");
  if (!sample::parse_command_line(app, argc, argv, exit)) return false;
  sample::take_configured(app, line.connection, "--every", line.job.every);
  sample::take_configured(app, line.connection, "--max-delay", line.max_delay);
  line.connection.file->refuse_unknown();
  line.client_id = sample::client_id_of(line.connection, line.client_id, "truck-17");
  return true;
}

int run(holdfast::Device& device, const Job& job, sample::EndSignals& signals,
        const std::function<void(const Fix&)>& send) {
  const auto progress = std::make_shared<Progress>();  // a last event may come after our end
  device.on_event([progress](const holdfast::Event& event) { progress->take(event); });
  device.start();
  bool connected = false;
  {
    // An app need not wait: what it pushes meanwhile is sent later. But it would share messages
    // then, and the comparison is about a line that stands.
    std::unique_lock lock(progress->mutex);
    connected = progress->changed.wait_for(lock, kBound, [&] { return progress->connected; });
  }
  if (connected) for_each_reading(job, signals, send);
  device.drain(kBound);
  const holdfast::StopResult stopped = device.stop();
  if (!connected) {
    const std::lock_guard lock(progress->mutex);
    return sample::exit_code(progress->error);
  }
  const bool all = stopped.undelivered == 0 && device.status().counters.refused == 0;
  return all ? sample::kDone : sample::kIncomplete;
}

}  // namespace migrate
