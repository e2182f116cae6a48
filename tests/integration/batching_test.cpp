// Do readings that wait at the same time share a message, and does each still hear of its fate?

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "integration/device_fixture.hpp"
#include "reading_generated.h"
#include "support/ports.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

struct Seen {
  std::uint64_t time_ms;
  std::optional<Origin> origin;
};

class BatchingTest : public DeviceTest {
 protected:
  ReadingT reading(std::uint64_t number) {
    ReadingT reading;
    reading.time_ms = number;
    return reading;
  }
  void collect(WatchedDevice& device) {
    device->on<Reading>("r", [this](const Reading& reading, const Arrival& arrival) {
      seen_.append({reading.time_ms(), arrival.origin});
    });
    device->start();
    ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  }
  PushOptions watched() {
    return {.on_done = [this](const Delivery& delivery) { done_.append(delivery); }};
  }

  EventLog<Seen> seen_;
  EventLog<Delivery> done_;
};

TEST_F(BatchingTest, ReadingsOfADelayArriveAsOneMessageInTheirOrder) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "r"});
  WatchedDevice receiver(options_for(broker->tls_port(), "receiver"));
  collect(receiver);
  WatchedDevice sender(options_for(broker->tls_port(), "sender"));
  auto stream = sender->stream<Reading>("r", {.max_delay = 1h});
  sender->start();
  ASSERT_TRUE(sender.wait_for(EventKind::connected));
  for (std::uint64_t n = 0; n < 10; ++n) ASSERT_TRUE(stream.push(reading(n), watched()));
  // Something urgent goes out, and they ride along.
  sender->publish("alarm", as_payload("!"), {.priority = Priority::urgent});
  ASSERT_TRUE(seen_.wait_for_count(10, kBound));
  ASSERT_TRUE(done_.wait_for_count(10, kBound));
  for (std::uint32_t n = 0; n < 10; ++n) {
    const Seen seen = seen_.all()[n];
    EXPECT_EQ(seen.time_ms, n);
    ASSERT_TRUE(seen.origin);
    EXPECT_EQ(seen.origin->sequence, 1u);
    EXPECT_EQ(seen.origin->part, n);
    EXPECT_FALSE(done_.all()[n].error);
  }
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  EXPECT_EQ(subscriber.count(), 1u);
  EXPECT_EQ(sender->status().counters.delivered, 11u);
}

TEST_F(BatchingTest, RowsOfAnOutageBecomeFewMessagesOfTheNextProcess) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "r"});
  WatchedDevice receiver(options_for(broker->tls_port(), "receiver"));
  collect(receiver);
  constexpr std::uint64_t kCount = 200;
  Options options = options_for(broker->tls_port(), "sender");
  options.state_dir = dir_.path() / "state";
  {
    WatchedDevice sender(options);
    auto stream = sender->stream<Reading>("r", {.durable = Durable::at_push()});
    for (std::uint64_t n = 0; n < kCount; ++n) ASSERT_TRUE(stream.push(reading(n)));
    EXPECT_EQ(sender->flush(kBound).unstored, 0u);
  }
  WatchedDevice sender(options);
  auto stream = sender->stream<Reading>("r", {.durable = Durable::at_push()});
  sender->start();
  ASSERT_TRUE(seen_.wait_for_count(kCount, kBound));
  for (std::uint64_t n = 0; n < kCount; ++n) EXPECT_EQ(seen_.all()[n].time_ms, n);
  EXPECT_LT(subscriber.count(), kCount / 5);
  EXPECT_EQ(sender->drain(kBound).undelivered, 0u);
}

TEST_F(BatchingTest, AStreamWithoutSharedMessagesSendsEachAlone) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "r"});
  WatchedDevice sender(options_for(broker->tls_port()));
  auto stream = sender->stream<Reading>("r", {.max_bytes = 0});
  for (std::uint64_t n = 0; n < 20; ++n) ASSERT_TRUE(stream.push(reading(n)));
  sender->start();
  EXPECT_TRUE(subscriber.wait_for_count(20, kBound));
}

TEST_F(BatchingTest, AStreamTellsItsContentTypeOnceAMessage) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "r"});
  WatchedDevice sender(options_for(broker->tls_port()));
  auto stream = sender->stream<Reading>("r", {.content_type = "application/vnd.truck.reading"});
  for (std::uint64_t n = 0; n < 5; ++n) ASSERT_TRUE(stream.push(reading(n)));
  sender->start();
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  EXPECT_EQ(subscriber.messages()[0].content_type, "application/vnd.truck.reading");
  EXPECT_EQ(sender->drain(kBound).undelivered, 0u);
  EXPECT_EQ(subscriber.count(), 1u);
}

TEST_F(BatchingTest, AnUnboundedBatchIsAConfigErrorThatNamesTheBound) {
  WatchedDevice device(options_for(unused_port()));
  try {
    device->stream<Reading>("r", {.max_bytes = 1'000'000});
    FAIL() << "it was taken";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("16384"), std::string::npos) << error.what();
  }
}

TEST_F(BatchingTest, ABuilderAndAnObjectArePublishedAsTheyAre) {
  const auto broker = make_broker();
  WatchedDevice receiver(options_for(broker->tls_port(), "receiver"));
  collect(receiver);
  WatchedDevice sender(options_for(broker->tls_port(), "sender"));
  sender->start();
  ASSERT_TRUE(sender->publish("r", reading(7)));
  flatbuffers::FlatBufferBuilder builder;
  ReadingBuilder table(builder);
  table.add_time_ms(8);
  builder.Finish(table.Finish(), Schema<Reading>::identifier.data());
  ASSERT_TRUE(sender->publish("r", builder));
  ASSERT_TRUE(seen_.wait_for_count(2, kBound));
  EXPECT_EQ(seen_.all()[0].time_ms, 7u);
  EXPECT_EQ(seen_.all()[1].time_ms, 8u);
  EXPECT_FALSE(seen_.all()[0].origin);

  auto stream = sender->stream<Reading>("r");
  ASSERT_TRUE(stream.push(builder));
  ASSERT_TRUE(seen_.wait_for_count(3, kBound));
  EXPECT_TRUE(seen_.all()[2].origin);
  flatbuffers::FlatBufferBuilder anonymous;
  ReadingBuilder other(anonymous);
  anonymous.Finish(other.Finish());  // without its identifier
  const Receipt receipt = stream.push(anonymous);
  EXPECT_TRUE(receipt.error == Errc::foreign_payload || receipt.error == Errc::malformed_payload);
}

}  // namespace
}  // namespace holdfast::test
