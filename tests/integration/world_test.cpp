// Is a world like the world? One story is told to a device with mosquitto, TLS and a kernel, and to
// one of holdfast::testing. What their app sees has to be the same, in the same order.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <holdfast/testing.hpp>

#include "integration/device_fixture.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

constexpr const char* kName = "truck";

// What an app sees of its device, one line for each thing that it is told.
class Diary {
 public:
  explicit Diary(Device& device) : device_(device) {
    device.on_event([this](const Event& event) {
      if (event.kind == EventKind::warning) return;  // of the host, which a world has none of
      std::string line(to_string(event.kind));
      if (event.error) line += ": " + event.error.message();
      lines_.append(line);
    });
    device.subscribe("t/cmd", [this](const Message& message) {
      lines_.append("heard " + std::string(as_text(message.payload)));
    });
  }

  void publish(std::string_view topic, const std::string& text) {
    device_.publish(
        topic, as_payload(text), {.on_done = [this, text](const Delivery& delivery) {
          lines_.append(text + ": " + (delivery.error ? delivery.error.message() : "delivered"));
        }});
  }

  EventLog<std::string>& lines() { return lines_; }

 private:
  Device& device_;
  EventLog<std::string> lines_;
};

bool has(const std::vector<std::string>& lines, const std::string& line, std::ptrdiff_t times) {
  return std::count(lines.begin(), lines.end(), line) >= times;
}

// Where the story takes place.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual Device& device() = 0;
  virtual Diary& diary() = 0;
  virtual bool wait_for(const std::string& line, std::ptrdiff_t times = 1) = 0;
  virtual void deliver(const std::string& text) = 0;
  virtual void end_connection() = 0;
  /// Publishes "three" on "t/1", which arrives and whose acknowledgement does not.
  virtual void publish_and_lose_acknowledgement() = 0;
  virtual void prove_wrong_key() = 0;
  /// What came on "t/1".
  virtual std::vector<std::string> arrived() = 0;
  /// How many said that they may be second copies.
  virtual std::size_t copies() = 0;
};

// @return what the app saw up to the first attempt that failed
std::vector<std::string> tell_story(Stage& stage) {
  stage.device().start();
  // Then only: Paho's thread tells of SUBACK, ours of PUBACK, and which is the quicker is chance.
  EXPECT_TRUE(stage.wait_for("subscribed"));
  stage.diary().publish("t/1", "one");
  EXPECT_TRUE(stage.wait_for("one: delivered"));
  stage.deliver("go");
  EXPECT_TRUE(stage.wait_for("heard go"));
  stage.diary().publish("secret", "hidden");
  EXPECT_TRUE(stage.wait_for("hidden: " + make_error_code(Errc::not_authorised).message()));
  stage.end_connection();
  EXPECT_TRUE(stage.wait_for("connected", 2));
  stage.diary().publish("t/1", "two");
  EXPECT_TRUE(stage.wait_for("two: delivered"));
  stage.publish_and_lose_acknowledgement();
  EXPECT_TRUE(stage.wait_for("connected", 3));
  EXPECT_TRUE(stage.wait_for("three: delivered"));
  stage.prove_wrong_key();
  const std::string failed = "connect_failed: " + make_error_code(Errc::identity_refused).message();
  EXPECT_TRUE(stage.wait_for(failed));
  auto lines = stage.diary().lines().all();
  const auto end = std::find(lines.begin(), lines.end(), failed);
  if (end != lines.end()) lines.erase(end + 1, lines.end());
  return lines;
}

class RealStage : public Stage {
 public:
  RealStage(const Options& options, Mosquitto& broker, TcpProxy& proxy, Mosquitto& impostor)
      : broker_(broker),
        proxy_(proxy),
        impostor_(impostor),
        subscriber_({.port = broker.plain_port(), .filter = "t/1"}),
        device_(options),
        diary_(device_) {}
  ~RealStage() override { device_.stop(); }

  Device& device() override { return device_; }
  Diary& diary() override { return diary_; }
  bool wait_for(const std::string& line, std::ptrdiff_t times) override {
    return diary_.lines().wait_for(
        [&](const std::vector<std::string>& lines) { return has(lines, line, times); }, kBound);
  }
  void deliver(const std::string& text) override {
    Publisher publisher({.port = broker_.plain_port()});
    publisher.publish("t/cmd", text);
    EXPECT_TRUE(publisher.wait_acks(kBound));
  }
  // Paho acknowledges on a thread of its own. A command that was not acknowledged would be heard
  // again, and rightly.
  void end_connection() override {
    EXPECT_TRUE(broker_.wait_log(std::string("Received PUBACK from ") + kName, kBound));
    proxy_.cut_all(TcpProxy::Cut::kFinish);
  }
  void publish_and_lose_acknowledgement() override {
    proxy_.black_hole(true, TcpProxy::Way::kDown);
    diary_.publish("t/1", "three");
    EXPECT_TRUE(subscriber_.wait_for_count(3, kBound));
    proxy_.cut_all(TcpProxy::Cut::kFinish);
    proxy_.black_hole(false, TcpProxy::Way::kDown);
  }
  void prove_wrong_key() override {
    proxy_.set_target(impostor_.tls_port());
    proxy_.cut_all(TcpProxy::Cut::kFinish);
  }
  std::vector<std::string> arrived() override {
    EXPECT_TRUE(subscriber_.wait_for_count(4, kBound));
    std::vector<std::string> texts;
    for (const ReceivedMessage& message : subscriber_.messages()) texts.push_back(message.payload);
    return texts;
  }
  std::size_t copies() override {
    return count_in_log(broker_, std::string("Received PUBLISH from ") + kName + " (d1, q1");
  }

 private:
  Mosquitto& broker_;
  TcpProxy& proxy_;
  Mosquitto& impostor_;
  Subscriber subscriber_;
  Device device_;
  Diary diary_;
};

class WorldStage : public Stage {
 public:
  explicit WorldStage(const Options& options) : device_(world_.device(options)), diary_(device_) {
    broker().refuse("secret", testing::Reason::not_authorised);
  }
  ~WorldStage() override { device_.stop(); }

  Device& device() override { return device_; }
  Diary& diary() override { return diary_; }
  bool wait_for(const std::string& line, std::ptrdiff_t times) override {
    return world_.advance_until([&] { return has(diary_.lines().all(), line, times); }, 1h);
  }
  void deliver(const std::string& text) override { broker().deliver("t/cmd", text); }
  void end_connection() override { broker().end_connection(); }
  void publish_and_lose_acknowledgement() override {
    broker().lose_next_acknowledgement();
    diary_.publish("t/1", "three");
  }
  void prove_wrong_key() override {
    broker().prove_wrong_key();
    broker().end_connection();
  }
  std::vector<std::string> arrived() override {
    std::vector<std::string> texts;
    for (const auto& one : broker().published("t/1")) texts.push_back(one.text());
    return texts;
  }
  std::size_t copies() override {
    const auto all = broker().published();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const auto& one) { return one.again; }));
  }

 private:
  testing::Broker& broker() { return world_.broker(); }

  testing::World world_;
  Device device_;
  Diary diary_;
};

using WorldTest = DeviceTest;

TEST_F(WorldTest, AnAppSeesTheSameStoryAsWithARealBroker) {
  const auto acl = dir_.write("acl", "topic readwrite t/#\n");
  const auto broker = make_broker({.extra_lines = {"acl_file " + acl.string()}});
  const auto impostor = make_broker({.tls = self_signed(dir_, KeyType::p256, "localhost")});
  TcpProxy proxy(broker->tls_port());
  const Options options = options_for(proxy.port(), kName);

  RealStage real(options, *broker, proxy, *impostor);
  const auto seen = tell_story(real);
  WorldStage scripted(options);
  const auto in_world = tell_story(scripted);

  EXPECT_THAT(seen, Contains("key_refused: " + make_error_code(Errc::identity_refused).message()));
  EXPECT_EQ(seen, in_world);
  EXPECT_THAT(real.arrived(), ElementsAre("one", "two", "three", "three"));
  EXPECT_EQ(real.arrived(), scripted.arrived());
  EXPECT_EQ(real.copies(), 1u);
  EXPECT_EQ(scripted.copies(), 1u);
}

// A set-up, the login and a message cost the same IP bytes within a tenth: mosquitto sends its
// tickets apart.
TEST_F(WorldTest, ADeviceSpendsWhatItSpendsWithARealBroker) {
  const auto broker = make_broker();
  const Options options = options_for(broker->tls_port(), kName);
  const std::string payload(100, 'x');

  WatchedDevice real(options);
  real->start();
  real.publish("t/1", payload);
  ASSERT_TRUE(real.wait_for_deliveries(1));
  const auto measured = static_cast<double>(real->ledger().ip_bytes());

  testing::World world;
  auto scripted = world.device(options);
  scripted.start();
  scripted.publish("t/1", as_payload(payload));
  world.advance(1s);
  EXPECT_EQ(scripted.status().counters.delivered, 1u);
  EXPECT_NEAR(static_cast<double>(scripted.ledger().ip_bytes()), measured, 0.1 * measured);
}

}  // namespace
}  // namespace holdfast::test
