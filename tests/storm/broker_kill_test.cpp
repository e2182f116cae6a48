// Does the device keep what it stored until a broker has acknowledged it, also where the broker is
// killed and forgets what it acknowledged? What arrives proves nothing then: the device's own word
// and its file do.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "integration/device_fixture.hpp"
#include "storm/device_process.hpp"
#include "storm/dice.hpp"
#include "storm/streams.hpp"
#include "storm/verdict.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

using Numbers = std::set<std::uint64_t>;

bool is_keyed(std::uint64_t number) {
  return stream_of(number).kind == StormStream::Kind::keyed;
}

// Of a value that is replaced a newer one is kept.
bool holds(const Numbers& numbers, std::uint64_t number) {
  if (numbers.count(number) > 0) return true;
  return is_keyed(number) && std::any_of(numbers.upper_bound(number), numbers.end(), is_keyed);
}

class BrokerKillTest : public DeviceTest {
 protected:
  BrokerKillTest()
      : broker_(make_broker({.extra_lines = {"log_type none", "log_type information"}})),
        place_{.port = broker_->tls_port(),
               .pins = {key_.pin, backup_.pin},
               .state_dir = dir_.path() / "device"} {}

  // Ends with the broker and the device both dead.
  void live(std::uint64_t life, unsigned broker_kills) {
    DeviceProcess device(place_, life);
    for (unsigned kill = 1;; ++kill) {
      // Of this connection: by then its beginning was said as well.
      ASSERT_TRUE(device.wait_for_done(device.done() + dice_.between(200, 800)));
      dice_.spin();
      broker_->kill();
      if (kill == broker_kills) break;
      ASSERT_TRUE(device.wait_for_stored_or_full(dice_.between(0, 300)));
      broker_->start();
    }
    ASSERT_TRUE(device.wait_for_down());
    const std::uint64_t delivered = device.delivered();
    const Said said = device.kill();
    const StormFile file = read_storm_file(place_.state_dir);
    EXPECT_EQ(said.troubles, std::vector<std::string>{});
    EXPECT_EQ(file.trouble, "");
    EXPECT_EQ(file.dead, 0u);
    EXPECT_GE(said.stored.size(), 200u);
    account_for(said, delivered, file.numbers);
    found_ = file.numbers;
  }

  void account_for(const Said& said, std::uint64_t delivered, const Numbers& in_file) {
    Numbers kept = in_file;
    kept.insert(said.done.begin(), said.done.end());
    for (const std::uint64_t number : said.stored) {
      EXPECT_TRUE(holds(kept, number)) << number << " was stored, never acknowledged, and is gone";
    }
    // Of what earlier lives have left nobody is told by name, but the acknowledgements are counted.
    const auto gone = static_cast<std::uint64_t>(std::count_if(
        found_.begin(), found_.end(),
        [&](std::uint64_t number) { return !is_keyed(number) && in_file.count(number) == 0; }));
    ASSERT_GE(delivered, said.done.size());
    EXPECT_LE(gone, delivered - said.done.size());
    std::cout << "receipts " << said.stored.size() << ", acknowledged " << said.done.size()
              << ", in the file " << in_file.size() << "; of " << found_.size()
              << " found at the start " << gone << " are gone, and " << delivered - said.done.size()
              << " acknowledged" << std::endl;
  }

  Dice dice_;
  std::unique_ptr<Mosquitto> broker_;
  StormPlace place_;
  Numbers found_;  // by the next life
};

TEST_F(BrokerKillTest, LosesNothingThatTheBrokerHasNotAcknowledged) {
  for (std::uint64_t life = 1; life <= 3; ++life) {
    SCOPED_TRACE("life " + std::to_string(life));
    live(life, 4);
    ASSERT_FALSE(HasFatalFailure());
    broker_->start();
  }
  const Subscriber subscriber({.port = broker_->plain_port(), .filter = "storm/#"});
  ASSERT_EQ(drain_storm(place_), "");
  EXPECT_EQ(read_storm_file(place_.state_dir).rows, 0u);
  // The broker goes on from here, so all that the device had kept must come.
  Numbers missing = found_;
  std::size_t next = 0;
  EXPECT_TRUE(subscriber.wait_for(
      [&](const std::vector<ReceivedMessage>& messages) {
        for (; next < messages.size(); ++next) {
          for (const Arrived& one : arrived(messages[next])) missing.erase(one.number);
        }
        return missing.empty();
      },
      kStormBound))
      << missing.size() << " are missing, the first is " << *missing.begin();
}

}  // namespace
}  // namespace holdfast::test
