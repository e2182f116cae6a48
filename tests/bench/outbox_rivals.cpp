// What the outbox is compared with: Paho with its file persistence, libmosquitto, which keeps
// nothing, and the disk itself.

#include <fcntl.h>
#include <mosquitto.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include <mqtt/async_client.h>

#include "base/descriptor.hpp"
#include "bench/contenders.hpp"
#include "bench/outbox_jobs.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;

constexpr const char* kTopic = "bench";
// More unfinished publishes than this make Paho slower, because it counts them at each call.
constexpr std::size_t kWindow = 90;

Target target_of(const Arguments& arguments) {
  return {static_cast<std::uint16_t>(arguments.number("port", 0)), arguments.text("pin"),
          arguments.text("cert")};
}

void print_store(Feed& feed) {
  const double rate = static_cast<double>(feed.calls()) / feed.seconds();
  const auto calls = feed.percentiles();
  print_result({rate, calls[0], calls[1], calls[2], 0, 0});
}

// A client that keeps its messages in files below `dir`, one each.
mqtt::async_client make_paho(const Arguments& arguments) {
  const auto options = mqtt::create_options_builder()
                           .mqtt_version(MQTTVERSION_5)
                           .send_while_disconnected(true, true)
                           .max_buffered_messages(10'000'000)
                           .finalize();
  return {paho_address(target_of(arguments)), "bench-paho", options, arguments.text("dir")};
}

void connect(mqtt::async_client& client, const Arguments& arguments) {
  auto options = paho_options(target_of(arguments));
  options.set_clean_start(false);  // else it throws away what it has kept
  options.set_max_inflight(100);
  client.connect(options)->wait();
}

// What waits is on the disk, and the client's destructor waits for a broker.
[[noreturn]] void leave() {
  std::fflush(stdout);
  std::_Exit(0);
}

bool has_message_file(const std::filesystem::path& directory) {
  const std::filesystem::recursive_directory_iterator files(directory);
  return std::any_of(begin(files), end(files),
                     [](const auto& file) { return file.path().extension() == ".msg"; });
}

}  // namespace

void disk_job(const Arguments& arguments) {
  const std::string file = arguments.text("dir") + "/raw";
  const Descriptor disk(::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  const std::array<char, 4096> page{};
  Feed feed(arguments);
  feed.run([] {},
           [&] {
             if (::write(disk.get(), page.data(), page.size()) < 0 || ::fsync(disk.get()) != 0) {
               give_up("the disk cannot be written");
             }
           });
  print_store(feed);
}

void paho_store_job(const Arguments& arguments, bool link_is_up) {
  auto client = make_paho(arguments);
  if (link_is_up) connect(client, arguments);
  const std::string payload(kPayloadBytes, 'x');
  std::deque<mqtt::delivery_token_ptr> pending;
  Feed feed(arguments);
  feed.run(
      [&] {
        if (!link_is_up || pending.size() < kWindow) return;
        pending.front()->wait();
        pending.pop_front();
      },
      [&] {
        auto token = client.publish(kTopic, payload.data(), payload.size(), 1, false);
        if (link_is_up) pending.push_back(std::move(token));
      });
  print_store(feed);
  leave();
}

void paho_drain_job(const Arguments& arguments) {
  auto client = make_paho(arguments);
  const auto start = std::chrono::steady_clock::now();
  connect(client, arguments);
  // It tells nobody about messages of an earlier process: their files go with their PUBACKs.
  while (has_message_file(arguments.text("dir"))) {
    if (std::chrono::steady_clock::now() - start > 4min) give_up("Paho did not deliver all");
    std::this_thread::sleep_for(20ms);  // to look costs it time, too
  }
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  print_result({static_cast<double>(arguments.number("rows", 0)) / time.count(), 0,
                most_resident_mib(), 0, 0});
  leave();
}

void mosquitto_store_job(const Arguments& arguments) {
  struct Answers {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t under_way = 0;
    bool connected = false;
  } answers;
  const Target target = target_of(arguments);
  mosquitto_lib_init();
  mosquitto* const client = mosquitto_new("bench-mosquitto", true, &answers);
  mosquitto_max_inflight_messages_set(client, 100);
  mosquitto_tls_set(client, target.certificate.c_str(), nullptr, nullptr, nullptr, nullptr);
  mosquitto_tls_insecure_set(client, true);  // the name; the key is in the trust store
  mosquitto_connect_callback_set(client, [](mosquitto*, void* context, int) {
    auto& told = *static_cast<Answers*>(context);
    const std::lock_guard lock(told.mutex);
    told.connected = true;
    told.changed.notify_all();
  });
  mosquitto_publish_callback_set(client, [](mosquitto*, void* context, int) {
    auto& told = *static_cast<Answers*>(context);
    const std::lock_guard lock(told.mutex);
    if (--told.under_way < kWindow / 2) told.changed.notify_all();
  });
  constexpr int kKeepAlive = 60;
  if (mosquitto_connect(client, "127.0.0.1", target.port, kKeepAlive) != MOSQ_ERR_SUCCESS ||
      mosquitto_loop_start(client) != MOSQ_ERR_SUCCESS) {
    give_up("libmosquitto did not connect");
  }
  const auto wait_until = [&answers](auto condition) {
    std::unique_lock lock(answers.mutex);
    if (!answers.changed.wait_for(lock, 30s, condition)) give_up("libmosquitto does not go on");
  };
  wait_until([&] { return answers.connected; });
  const std::string payload(kPayloadBytes, 'x');
  Feed feed(arguments);
  feed.run(
      [&] {
        wait_until([&] { return answers.under_way < kWindow; });
        const std::lock_guard lock(answers.mutex);
        ++answers.under_way;
      },
      [&] {
        if (mosquitto_publish(client, nullptr, kTopic, static_cast<int>(payload.size()),
                              payload.data(), 1, false) != MOSQ_ERR_SUCCESS) {
          give_up("libmosquitto does not publish");
        }
      });
  wait_until([&] { return answers.under_way == 0; });
  print_store(feed);
  mosquitto_disconnect(client);
  mosquitto_loop_stop(client, false);
  mosquitto_destroy(client);
}

}  // namespace holdfast::bench
