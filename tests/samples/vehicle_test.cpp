// Does samples/03_vehicle bring home every position and each crossing of its fence once, with a
// real gpsd and a real broker, through all that happens to a vehicle?

#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include <holdfast/payload.hpp>
#include <holdfast/receiver.hpp>

#include "fence_alarm_generated.h"
#include "geofence.hpp"
#include "position.hpp"
#include "samples/gps_receiver.hpp"
#include "samples/sample_fixture.hpp"
#include "support/event_wait.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

constexpr const char* kFence = "48.1370,11.5750,1km";

// What came of a drive, second copies left out.
struct Arrived {
  std::set<std::int64_t> times_ms;  // of the rows with a place
  std::size_t rows = 0;
  std::size_t rows_without_place = 0;
  std::uint64_t missing_messages = 0;
  std::vector<vehicle::FenceAlarmT> alarms;
};

class VehicleTest : public SampleTest {
 protected:
  void SetUp() override {
    if (!has_gpsd()) GTEST_SKIP() << "no gpsd; sdk/cmake/install-packages test installs it";
    receiver_ = std::make_unique<GpsReceiver>();
    subscriber_ = std::make_unique<Subscriber>(SubscriberOptions{.port = broker_.plain_port()});
    log_ = read_nmea(HOLDFAST_NMEA);
  }

  using Options = std::map<std::string, std::string>;

  std::unique_ptr<Process> start_vehicle(const Options& told = {}) {
    Options options{{"--client-id", "truck-17"},
                    {"--topic", "t"},
                    {"--state-dir", path("state")},
                    {"--gpsd", "127.0.0.1:" + std::to_string(receiver_->port())},
                    {"--every", "5s"},
                    {"--max-delay", "200ms"}};
    for (const auto& [option, value] : told) options[option] = value;
    Words words;
    for (const auto& [option, value] : options) words.insert(words.end(), {option, value});
    return start(HOLDFAST_VEHICLE, words);
  }

  // gpsd is some seconds at finding out what speaks there, and takes no notice meanwhile. A garage
  // has no fix, so that nothing is sent of it.
  void wait_until_heard(const Process& vehicle) {
    const auto says_no_fix = [&] {
      receiver_->say(log_.front().sentences);
      return vehicle.count_lines("gps: no fix") > 0;
    };
    ASSERT_TRUE(vehicle.wait_for_line("is there", kBound)) << vehicle.output();
    ASSERT_TRUE(eventually(says_no_fix, kBound)) << vehicle.output() << receiver_->log();
  }

  // Says these, and comes back when the vehicle has heard them: it has lost its fix behind them.
  void say_all(const Process& vehicle, std::size_t begin, std::size_t end) {
    const std::size_t lost = vehicle.count_lines("gps: no fix");
    for (std::size_t i = begin; i < end; ++i) receiver_->say(log_[i].sentences);
    for (std::size_t i = 0; i < 2; ++i) receiver_->say(log_[i].sentences);
    ASSERT_TRUE(vehicle.wait_for_lines("gps: no fix", lost + 1, kBound)) << vehicle.output();
  }

  Arrived arrived() const { return arrived_of(subscriber_->messages()); }

  static Arrived arrived_of(const std::vector<ReceivedMessage>& messages) {
    Arrived all;
    SequenceTracker tracker;
    SeriesReader reader = vehicle::channels().reader();
    for (const ReceivedMessage& message : messages) {
      const auto bytes = as_payload(message.payload);
      if (message.topic == "t/alarm") {
        Body body;
        std::error_code error;
        EXPECT_FALSE(open_envelope(bytes, body));
        const auto* alarm = verify<vehicle::FenceAlarm>(body.at(0), error);
        if (alarm == nullptr || !body.origin) {
          ADD_FAILURE() << "no alarm";
        } else if (tracker.see("t/alarm", *body.origin) == SequenceTracker::Verdict::fresh) {
          all.alarms.push_back(*std::unique_ptr<vehicle::FenceAlarmT>(alarm->UnPack()));
        }
      } else if (message.topic == "t") {
        EXPECT_FALSE(reader.open(bytes));
        for (const SeriesRow row : reader) {
          Origin origin = reader.origin().value_or(Origin{});
          origin.part = static_cast<std::uint32_t>(row.index());
          if (tracker.see("t", origin) == SequenceTracker::Verdict::duplicate) continue;
          ++all.rows;
          if (vehicle::channels().row(row).lat) {
            all.times_ms.insert(row.time().ms);
          } else {
            ++all.rows_without_place;
          }
        }
      }
    }
    all.missing_messages = tracker.missing();
    return all;
  }

  bool wait_for(const std::function<bool(const Arrived&)>& wanted) const {
    return subscriber_->wait_for([&](const auto& messages) { return wanted(arrived_of(messages)); },
                                 kBound);
  }

  // The moments of the log with a place, in milliseconds since 1970: it begins at 8 o'clock.
  std::set<std::int64_t> moments(std::size_t begin, std::size_t end) const {
    constexpr std::int64_t kEight = 1'796'112'000'000;
    std::set<std::int64_t> all;
    for (std::size_t i = begin; i < end; ++i) {
      if (log_[i].has_place) all.insert(kEight + static_cast<std::int64_t>(i) * 5'000);
    }
    return all;
  }

  int switch_off(Process& vehicle) {
    EXPECT_TRUE(vehicle.signal(SIGUSR1));
    return vehicle.wait_exit(kBound).value_or(-1);
  }

  std::unique_ptr<GpsReceiver> receiver_;
  std::unique_ptr<Subscriber> subscriber_;
  std::vector<Epoch> log_;
};

TEST_F(VehicleTest, ADriveArrivesWholeAndItsFenceIsCrossedOnce) {
  const auto vehicle = start_vehicle({{"--fence", kFence}});
  wait_until_heard(*vehicle);
  say_all(*vehicle, 0, log_.size());
  EXPECT_EQ(switch_off(*vehicle), 0) << vehicle->output();
  const auto expected = moments(0, log_.size());
  ASSERT_TRUE(wait_for([&](const Arrived& now) { return now.times_ms.size() >= expected.size(); }))
      << vehicle->output();
  const Arrived all = arrived();
  EXPECT_EQ(all.times_ms, expected);
  EXPECT_EQ(all.missing_messages, 0u);
  ASSERT_EQ(all.alarms.size(), 1u) << vehicle->output();
  EXPECT_EQ(all.alarms[0].side, vehicle::FenceSide::outside);
  const double away =
      vehicle::distance_m({.lat = 48.137, .lon = 11.575},
                          {.lat = all.alarms[0].lat_e7 * 1e-7, .lon = all.alarms[0].lon_e7 * 1e-7});
  EXPECT_GT(away, 1'030) << "beyond the margin";
  EXPECT_LT(away, 1'400) << "three fixes later at the latest";
  EXPECT_TRUE(expected.contains(static_cast<std::int64_t>(all.alarms[0].time_ms)));
}

TEST_F(VehicleTest, NothingIsLostInATunnel) {
  const auto vehicle = start_vehicle({{"--fence", kFence}});
  ASSERT_TRUE(vehicle->wait_for_line("connected to", kBound)) << vehicle->output();
  wait_until_heard(*vehicle);
  const std::size_t in = log_.size() / 3;
  const std::size_t out = in * 2;
  say_all(*vehicle, 0, in);
  broker_.stop();
  ASSERT_TRUE(vehicle->wait_for_line("disconnected", kBound)) << vehicle->output();
  say_all(*vehicle, in, out);
  broker_.start();
  ASSERT_TRUE(vehicle->wait_for_lines("connected to", 2, kBound)) << vehicle->output();
  say_all(*vehicle, out, log_.size());
  EXPECT_EQ(switch_off(*vehicle), 0) << vehicle->output();
  const auto expected = moments(0, log_.size());
  ASSERT_TRUE(wait_for([&](const Arrived& now) { return now.times_ms.size() >= expected.size(); }))
      << vehicle->output();
  EXPECT_EQ(arrived().times_ms, expected);
  EXPECT_EQ(arrived().missing_messages, 0u);
  EXPECT_EQ(arrived().alarms.size(), 1u);
}

TEST_F(VehicleTest, WhatIsLeftWithoutALinkGoesOutWithTheNextDrive) {
  const std::size_t count = 30;
  {
    const auto vehicle = start_vehicle({{"--drain", "300ms"}});
    ASSERT_TRUE(vehicle->wait_for_line("connected to", kBound)) << vehicle->output();
    broker_.stop();
    wait_until_heard(*vehicle);
    say_all(*vehicle, 0, count);
    EXPECT_EQ(switch_off(*vehicle), 1) << vehicle->output();
  }
  EXPECT_EQ(arrived().rows, 0u);
  broker_.start();
  const auto vehicle = start_vehicle();
  ASSERT_TRUE(vehicle->wait_for_line("connected to", kBound)) << vehicle->output();
  EXPECT_EQ(switch_off(*vehicle), 0) << vehicle->output();
  ASSERT_TRUE(wait_for([&](const Arrived& now) { return now.rows > 0; }));
  EXPECT_EQ(arrived().times_ms, moments(0, count));
  EXPECT_EQ(arrived().missing_messages, 0u);
}

TEST_F(VehicleTest, ACrossingBetweenTwoStartsIsAnAlarm) {
  for (const bool leaves : {false, true}) {
    const auto vehicle = start_vehicle({{"--fence", kFence}});
    wait_until_heard(*vehicle);
    if (leaves) say_all(*vehicle, log_.size() - 10, log_.size());
    if (!leaves) say_all(*vehicle, 0, 15);
    EXPECT_EQ(vehicle->count_lines("fence: inside"), leaves ? 0u : 1u);
    EXPECT_EQ(switch_off(*vehicle), 0) << vehicle->output();
  }
  ASSERT_TRUE(wait_for([&](const Arrived& now) { return !now.alarms.empty(); }));
  EXPECT_EQ(arrived().alarms.size(), 1u);
}

TEST_F(VehicleTest, WithoutAGpsdItSaysSoAndWaitsForIt) {
  receiver_->stop();
  const auto vehicle = start_vehicle();
  const auto line = vehicle->wait_for_line("cannot be reached", kBound);
  ASSERT_TRUE(line) << vehicle->output();
  EXPECT_NE(line->find("is gpsd.socket started?"), std::string::npos) << *line;
  EXPECT_NE(line->find("can't connect"), std::string::npos) << *line;
  ASSERT_TRUE(vehicle->wait_for_line("connected to", kBound)) << "the session needs no receiver";
  receiver_->start();
  wait_until_heard(*vehicle);
  receiver_->stop();
  ASSERT_TRUE(vehicle->wait_for_line("has closed the connection", kBound)) << vehicle->output();
  EXPECT_EQ(switch_off(*vehicle), 0) << vehicle->output();
}

TEST_F(VehicleTest, WithoutAFixThereAreReadingsWithoutAPlace) {
  const auto vehicle = start_vehicle({{"--every", "100ms"}});
  wait_until_heard(*vehicle);
  const auto came = [&] {
    receiver_->say(log_.front().sentences);
    return arrived().rows_without_place >= 3;
  };
  EXPECT_TRUE(eventually(came, kBound)) << vehicle->output();
  EXPECT_TRUE(arrived().times_ms.empty());
  EXPECT_EQ(switch_off(*vehicle), 0) << vehicle->output();
}

TEST_F(VehicleTest, AFileSaysThatTheIgnitionIsOff) {
  dir_.write("ignition", "1\n");
  const auto vehicle =
      start_vehicle({{"--ignition-file", path("ignition")}, {"--max-delay", "1h"}});
  wait_until_heard(*vehicle);
  say_all(*vehicle, 0, 12);
  EXPECT_EQ(arrived().rows, 0u) << "they wait for others";
  dir_.write("ignition", "0\n");
  EXPECT_EQ(vehicle->wait_exit(kBound), 0) << vehicle->output();
  EXPECT_NE(vehicle->output().find("ignition off"), std::string::npos);
  ASSERT_TRUE(wait_for([&](const Arrived& now) { return now.rows > 0; }));
  EXPECT_EQ(arrived().times_ms, moments(0, 12));
}

TEST_F(VehicleTest, CanBeWatchedAsATable) {
  const auto vehicle = start_vehicle({{"--topic", "truck/17/drive"}});
  const auto watcher =
      Process::spawn({HOLDFAST_CLI, "sub", "--broker", url(), "--pin", key_.pin, "--pin",
                      backup_.pin, "--filter", "truck/+/drive", "--csv", "--count", "1"});
  ASSERT_TRUE(broker_.wait_log("truck/+/drive (QoS", kBound)) << broker_.log();
  wait_until_heard(*vehicle);
  say_all(*vehicle, 0, 12);
  EXPECT_EQ(watcher->wait_exit(kBound), 0) << watcher->output();
  EXPECT_TRUE(watcher->output().starts_with(
      "topic,epoch,sequence,row,time_ms,boot,lat,lon,speed,heading\ntruck/17/drive,"))
      << watcher->output();
}

TEST_F(VehicleTest, AWrongOptionIsToldWithItsMend) {
  const Words way{"--broker", url(), "--pin", key_.pin, "--pin", backup_.pin};
  struct Case {
    Words words;
    const char* complaint;
  };
  for (const Case& one :
       {Case{{}, "--state-dir"},
        Case{{"--state-dir", path("s"), "--fence", "48.1,11.5"}, "--fence"},
        Case{{"--state-dir", path("s"), "--fence", kFence, "--fence-margin", "1km"},
             "--fence-margin"},
        Case{{"--state-dir", path("s"), "--every", "1ms"}, "--every"},
        Case{{"--state-dir", path("s"), "--gpsd", ":1"}, "--gpsd"}}) {
    Words words = way;
    words.insert(words.end(), one.words.begin(), one.words.end());
    const auto result = run_to_end(HOLDFAST_VEHICLE, words);
    EXPECT_EQ(result.status, 2) << result.output;
    EXPECT_NE(result.output.find(one.complaint), std::string::npos) << result.output;
  }
}

TEST_F(VehicleTest, IsSetUpByAFile) {
  const auto file =
      dir_.write("vehicle.toml",
                 "[broker]\nurl = \"" + url() + "\"\npins = [\"" + key_.pin + "\", \"" +
                     backup_.pin + "\"]\n[device]\nstate_dir = \"" + path("state") +
                     "\"\n[vehicle]\nfence = \"" + kFence + "\"\nevery = \"5s\"\ntopic = \"t\"\n" +
                     "gpsd = \"127.0.0.1:" + std::to_string(receiver_->port()) + "\"\n");
  const auto vehicle = Process::spawn({HOLDFAST_VEHICLE, "--config", file.string()});
  wait_until_heard(*vehicle);
  say_all(*vehicle, 0, 12);
  EXPECT_EQ(vehicle->count_lines("fence: inside"), 1u) << vehicle->output();
  EXPECT_EQ(switch_off(*vehicle), 0) << vehicle->output();

  dir_.write("vehicle.toml", "[vehicle]\nfense = \"x\"\n");
  const auto result = run_to_end(HOLDFAST_VEHICLE, {"--broker", url(), "--pin", key_.pin,
                                                    "--one-pin", "--config", file.string()});
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.output.find("vehicle.toml:2"), std::string::npos) << result.output;
}

}  // namespace
}  // namespace holdfast::test
