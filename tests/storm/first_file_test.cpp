// Is a receipt true, and the file sound, when the process is killed while it makes that file?

#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "integration/device_fixture.hpp"
#include "outbox/store.hpp"
#include "storm/device_process.hpp"
#include "storm/dice.hpp"
#include "storm/streams.hpp"
#include "support/ports.hpp"

namespace holdfast::test {
namespace {

constexpr unsigned kRounds = 20;

using FirstFileTest = DeviceTest;

TEST_F(FirstFileTest, IsSoundAfterAKillAtAnyInstant) {
  Dice dice;
  unsigned without_receipt = 0;
  for (unsigned round = 1; round <= kRounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    // Nobody listens there.
    const StormPlace place{.port = unused_port(),
                           .pins = {key_.pin, backup_.pin},
                           .state_dir = make_directory_in(dir_.path(), "device")};
    DeviceProcess device(place, 1);
    const auto file_begins = [file = outbox::Store::file_in(place.state_dir)] {
      return std::filesystem::exists(file);
    };
    ASSERT_TRUE(dice.chance(50) ? eventually(file_begins, kStormBound)
                                : device.wait_for_stored(dice.between(1, 50)))
        << device.tale();
    dice.spin();
    const Said said = device.kill();
    EXPECT_EQ(said.troubles, std::vector<std::string>{});
    if (said.stored.empty()) ++without_receipt;
    const StormFile file = read_storm_file(place.state_dir);
    EXPECT_EQ(file.trouble, "");
    for (const std::uint64_t number : said.stored) {
      if (stream_of(number).kind == StormStream::Kind::keyed) continue;  // may be replaced
      EXPECT_EQ(file.numbers.count(number), 1u) << number;
    }
  }
  std::cout << "killed before the first receipt: " << without_receipt << " of " << kRounds
            << std::endl;
}

}  // namespace
}  // namespace holdfast::test
