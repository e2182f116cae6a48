// What the outbox is compared with: Paho with its file persistence, libmosquitto, which keeps
// nothing, and the disk itself.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <string>
#include <thread>

#include <mqtt/async_client.h>

#include "base/descriptor.hpp"
#include "bench/clients/client.hpp"
#include "bench/contenders.hpp"
#include "bench/feed.hpp"
#include "bench/outbox_jobs.hpp"
#include "bench/own_process.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;

// More unfinished publishes than this make Paho slower, because it counts them at each call.
constexpr std::size_t kWindow = 90;

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
  const auto client = make_mosquitto({.bytes = kPayloadBytes});
  client->connect(target_of(arguments));
  const std::string payload(kPayloadBytes, 'x');
  Feed feed(arguments);
  feed.run([&] { client->wait_for_room(); }, [&] { client->publish(payload, 1); });
  client->finish(payload);
  print_store(feed);
  client->disconnect();
}

}  // namespace holdfast::bench
