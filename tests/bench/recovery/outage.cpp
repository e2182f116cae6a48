#include "bench/recovery/outage.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "bench/clients/client.hpp"
#include "support/event_wait.hpp"
#include "support/keys.hpp"
#include "support/link/link.hpp"
#include "support/mosquitto.hpp"
#include "support/subscriber.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBefore = 10;  // messages while all is well
constexpr std::size_t kBytes = 100;
constexpr auto kDelay = 25ms;  // each way
constexpr auto kBound = 5min;
constexpr auto kArrival = 10s;  // at the subscriber, after the acknowledgement

// The broker and a subscriber, beyond the link.
class FarSide {
 public:
  explicit FarSide(const test::link::Link& link)
      : key_(test::self_signed(
            dir_, test::KeyType::p256, "bench",
            {.alt_names = {"DNS:localhost", std::string("IP:") + test::link::Link::kFar}})) {
    const test::link::Inside inside(link.far_network());
    broker_ = std::make_unique<test::Mosquitto>(
        test::MosquittoOptions{.tls = key_, .max_inflight_messages = 100, .tls_address = ""});
    broker_->start();
    subscriber_ = std::make_unique<test::Subscriber>(
        test::SubscriberOptions{.port = broker_->plain_port(), .filter = kTopic});
  }

  Target target() const {
    return {broker_->tls_port(), key_.pin, key_.cert_file.string(), test::link::Link::kFar};
  }
  /// Different messages that have arrived, once they are `count` or time is over.
  std::size_t wait_for_different(std::size_t count) const {
    std::size_t different = 0;
    (void)subscriber_->wait_for(
        [&](const auto& messages) {
          std::set<std::string> seen;
          for (const auto& message : messages) seen.insert(message.payload);
          different = seen.size();
          return different >= count;
        },
        kArrival);
    return different;
  }
  std::size_t arrived() const { return subscriber_->count(); }

 private:
  test::TempDir dir_;
  test::Identity key_;
  std::unique_ptr<test::Mosquitto> broker_;
  std::unique_ptr<test::Subscriber> subscriber_;
};

class Outage {
 public:
  explicit Outage(const Arguments& arguments)
      : link_(arguments.number("round", 0) + 1),
        far_(link_),
        addressless_(arguments.text("kind") == "address"),
        lasts_(arguments.number("outage-ms", 0)),
        period_(arguments.number("period-ms", 1'000)),
        client_(make_client(arguments.text("contender"),
                            {.bytes = kBytes, .comes_back = true, .on_acknowledged = [this] {
                               acknowledged_.append(Clock::now());
                             }})) {
    link_.set({.delay = kDelay});
    client_->connect(far_.target());
  }

  void run() {
    for (std::size_t i = 0; i < kBefore; ++i) publish();
    if (!acknowledged_.wait_for_count(kBefore, 30s)) give_up("nothing was acknowledged");
    const std::uint64_t before = link_.traffic().ip_bytes();
    begin();
    publish_until(Clock::now() + lasts_);
    end();

    const auto back = Clock::now();
    const std::uint64_t back_bytes = link_.traffic().ip_bytes();
    const auto seconds = [back](Clock::time_point at) {
      return std::chrono::duration<double>(at - back).count();
    };
    const auto bytes = [&] { return static_cast<double>(link_.traffic().ip_bytes() - back_bytes); };
    const std::size_t known = acknowledged_.size();
    if (!acknowledged_.wait_for_count(known + 1, kBound)) give_up("it does not come back");
    const double first_bytes = bytes();
    const bool all = acknowledged_.wait_for_count(published_, kBound);
    const double all_bytes = bytes();
    const auto times = acknowledged_.all();
    const std::size_t different = far_.wait_for_different(published_);
    print_result({seconds(times[known]), first_bytes, all ? seconds(times[published_ - 1]) : -1,
                  all ? all_bytes : -1, static_cast<double>(back_bytes - before),
                  static_cast<double>(published_ - different),
                  static_cast<double>(far_.arrived() - different)});
  }

 private:
  void publish() {
    std::string payload = std::to_string(published_++);
    payload.resize(kBytes, ' ');
    client_->publish(payload, 1);
  }

  void begin() {
    link_.set({.black_hole = true});
    if (addressless_) link_.drop_near_address();
  }

  void publish_until(Clock::time_point end) {
    auto next = Clock::now();
    while (next < end) {
      std::this_thread::sleep_until(next);
      publish();
      next += period_;
    }
    std::this_thread::sleep_until(end);
  }

  void end() {
    link_.set({.delay = kDelay});
    if (addressless_) link_.change_near_address("10.77.0.99");
  }

  test::link::Link link_;
  FarSide far_;
  bool addressless_;
  std::chrono::milliseconds lasts_;
  std::chrono::milliseconds period_;
  test::EventLog<Clock::time_point> acknowledged_;
  std::size_t published_ = 0;
  std::unique_ptr<Client> client_;
};

}  // namespace

const std::vector<std::string> kOutageFigures{"first_s",      "first_bytes",  "empty_s",
                                              "empty_bytes",  "outage_bytes", "not_arrived",
                                              "arrived_twice"};

void run_outage(const Arguments& arguments) {
  if (const std::string why = test::link::leave_for_private_network(); !why.empty()) give_up(why);
  Outage outage(arguments);
  outage.run();
}

}  // namespace holdfast::bench
