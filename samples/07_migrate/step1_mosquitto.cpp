// Step 1, the other app that a fleet may have today: each reading is an MQTT message of JSON, over
// TLS with a certificate authority, by libmosquitto.
//
//   step1_mosquitto --host broker.example.com [--port 8883] --ca FILE
//
// Exit codes: 0 every reading was acknowledged, 1 some were not, 2 usage, 4 no connection.

#include <mosquitto.h>

#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>

#include "common/connection.hpp"
#include "job.hpp"

namespace {

using namespace std::chrono_literals;

constexpr auto kBound = 20s;
constexpr int kKeepAliveSeconds = 60;

struct CommandLine {
  std::string host;
  int port = 8883;
  std::string ca;
  migrate::Job job;
};

// What libmosquitto's own thread tells.
struct Progress {
  std::mutex mutex;
  std::condition_variable changed;
  bool connected = false;
  unsigned acknowledged = 0;

  template <class Predicate>
  bool wait_for(Predicate predicate) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, kBound, predicate);
  }
};

void on_connect(mosquitto* /*client*/, void* progress, int code) {
  auto& to = *static_cast<Progress*>(progress);
  const std::lock_guard lock(to.mutex);
  to.connected = code == 0;
  to.changed.notify_all();
}

void on_publish(mosquitto* /*client*/, void* progress, int /*message*/) {
  auto& to = *static_cast<Progress*>(progress);
  const std::lock_guard lock(to.mutex);
  ++to.acknowledged;
  to.changed.notify_all();
}

int send(const CommandLine& line, sample::EndSignals& signals) {
  Progress progress;
  using Client = std::unique_ptr<mosquitto, decltype(&mosquitto_destroy)>;
  const Client client(mosquitto_new("truck-17", true, &progress), &mosquitto_destroy);
  if (!client) return sample::kNotReachable;
  mosquitto_connect_callback_set(client.get(), on_connect);
  mosquitto_publish_callback_set(client.get(), on_publish);
  mosquitto_int_option(client.get(), MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_tls_set(client.get(), line.ca.c_str(), nullptr, nullptr, nullptr, nullptr);
  int code = mosquitto_connect(client.get(), line.host.c_str(), line.port, kKeepAliveSeconds);
  if (code == MOSQ_ERR_SUCCESS) code = mosquitto_loop_start(client.get());
  if (code != MOSQ_ERR_SUCCESS) {
    std::fprintf(stderr, "step1_mosquitto: %s\n", mosquitto_strerror(code));
    return sample::kNotReachable;
  }
  const bool connected = progress.wait_for([&] { return progress.connected; });
  if (connected) {
    migrate::for_each_reading(line.job, signals, [&](const migrate::Fix& fix) {
      const std::string json = migrate::as_json(fix);
      mosquitto_publish(client.get(), nullptr, "truck/17/json", static_cast<int>(json.size()),
                        json.data(), 1, false);
    });
  }
  const bool all =
      connected && progress.wait_for([&] { return progress.acknowledged >= line.job.readings; });
  mosquitto_disconnect(client.get());
  mosquitto_loop_stop(client.get(), false);
  if (!connected) return sample::kNotReachable;
  return all ? sample::kDone : sample::kIncomplete;
}

int run(int argc, char** argv) {
  sample::EndSignals signals;
  CommandLine line;
  CLI::App app("Publishes the readings of a vehicle as JSON, over TLS with an authority.",
               "step1_mosquitto");
  app.add_option("--host", line.host, "the broker")->required();
  app.add_option("--port", line.port, "8883 unless told")->check(CLI::Range(1, 65'535));
  app.add_option("--ca", line.ca, "authorities, PEM")->required();
  migrate::add_job_options(app, line.job);
  int exit = sample::kDone;
  if (!sample::parse_command_line(app, argc, argv, exit)) return exit;

  mosquitto_lib_init();
  const int code = send(line, signals);
  mosquitto_lib_cleanup();
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  return sample::run_guarded("step1_mosquitto", [&] { return run(argc, argv); });
}
