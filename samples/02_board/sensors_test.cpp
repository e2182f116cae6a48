// The question these tests answer: does a reading hold what the files say, and nothing at all where
// a file is missing or says nonsense?

#include "sensors.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "temperatures.hpp"

namespace board {
namespace {

namespace fs = std::filesystem;

class SensorsTest : public ::testing::Test {
 protected:
  SensorsTest() {
    std::string name = (fs::temp_directory_path() / "sensors_test.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    root_ = name;
  }
  ~SensorsTest() override { fs::remove_all(root_); }

  void write(const fs::path& file, std::string_view text) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }

  void write_whole_board() const {
    write("proc/stat", "cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 100 0 50 800 50 0 0 0 0 0\n");
    write("proc/loadavg", "1.27 0.98 0.50 2/345 6789\n");
    write("proc/uptime", "12345.67 40000.00\n");
    write(
        "proc/meminfo",
        "MemTotal:        1000000 kB\nMemFree:          100000 kB\n"
        "MemAvailable:     600000 kB\nSwapTotal:        500000 kB\nSwapFree:         400000 kB\n");
    write("proc/net/dev",
          "Inter-|   Receive                            |  Transmit\n"
          " face |bytes packets errs drop fifo frame compressed multicast|bytes packets\n"
          "    lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0\n"
          "  eth0: 1000 10 0 0 0 0 0 0 200 5 0 0 0 0 0 0\n"
          " wlan0:30 1 0 0 0 0 0 0 4 1 0 0 0 0 0 0\n");
    write("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
    write("sys/class/thermal/thermal_zone0/temp", "48312\n");
    write("sys/class/hwmon/hwmon0/name", "nvme\n");
    write("sys/class/hwmon/hwmon0/temp1_input", "36850\n");
    write("sys/class/hwmon/hwmon0/temp2_input", "41850\n");
  }

  fs::path root_;
};

TEST_F(SensorsTest, ReadsWhatTheFilesSay) {
  write_whole_board();
  Sensors sensors(root_);
  write("proc/stat", "cpu  150 0 75 1000 75 0 0 0 0 0\n");
  const BoardReadingT reading = sensors.read();

  EXPECT_GT(reading.time_ms, 1'700'000'000'000U);
  EXPECT_EQ(reading.uptime_ms, 12'345'670U);
  ASSERT_TRUE(reading.cpu_permille);
  EXPECT_EQ(*reading.cpu_permille, 250);  // 75 ticks busy of 300
  ASSERT_TRUE(reading.load1_hundredths);
  EXPECT_EQ(*reading.load1_hundredths, 127);
  ASSERT_NE(reading.memory_kib, nullptr);
  EXPECT_EQ(reading.memory_kib->used(), 400'000U);
  EXPECT_EQ(reading.memory_kib->total(), 1'000'000U);
  ASSERT_NE(reading.swap_kib, nullptr);
  EXPECT_EQ(reading.swap_kib->used(), 100'000U);
  ASSERT_NE(reading.network, nullptr);
  EXPECT_EQ(reading.network->rx_bytes(), 1'030U);
  EXPECT_EQ(reading.network->tx_bytes(), 204U);
  ASSERT_NE(reading.disk_mib, nullptr);
  EXPECT_GT(reading.disk_mib->total(), 0U);
}

TEST_F(SensorsTest, ReadsTemperaturesHottestOfEachName) {
  write_whole_board();
  const auto temperatures = read_temperatures(root_);
  ASSERT_EQ(temperatures.size(), 2U);
  EXPECT_EQ(name_of(temperatures[0]), "cpu_thermal");
  EXPECT_EQ(temperatures[0].milli_celsius(), 48'312);
  EXPECT_EQ(name_of(temperatures[1]), "nvme");
  EXPECT_EQ(temperatures[1].milli_celsius(), 41'850);
}

TEST_F(SensorsTest, CountsSensorWithTwoFacesOnce) {
  write("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
  write("sys/class/thermal/thermal_zone0/temp", "48312\n");
  write("sys/class/hwmon/hwmon0/name", "cpu_thermal\n");
  write("sys/class/hwmon/hwmon0/temp1_input", "48312\n");
  EXPECT_EQ(read_temperatures(root_).size(), 1U);
}

TEST_F(SensorsTest, BoundsNumberAndLengthOfTemperatures) {
  for (int i = 0; i < 40; ++i) {
    const fs::path zone = "sys/class/thermal/thermal_zone" + std::to_string(i);
    write(zone / "type", "a" + std::to_string(i) + "-name-that-is-far-too-long\n");
    write(zone / "temp", "1000\n");
  }
  const auto temperatures = read_temperatures(root_);
  ASSERT_EQ(temperatures.size(), kMaxTemperatures);
  EXPECT_EQ(name_of(temperatures[0]).size(), kTemperatureNameBytes);
}

TEST_F(SensorsTest, LeavesOutSensorsThatAreNotConnected) {
  write("sys/class/thermal/thermal_zone0/type", "soc\n");
  write("sys/class/thermal/thermal_zone0/temp", "-273150\n");
  write("sys/class/thermal/thermal_zone1/type", "gpu\n");
  write("sys/class/thermal/thermal_zone1/temp", "\n");
  write("sys/class/thermal/thermal_zone2/temp", "50000\n");  // no type
  EXPECT_TRUE(read_temperatures(root_).empty());
}

TEST_F(SensorsTest, EmptyTreeGivesReadingWithoutFields) {
  Sensors sensors(root_);
  const BoardReadingT reading = sensors.read();
  EXPECT_EQ(reading.uptime_ms, 0U);
  EXPECT_FALSE(reading.cpu_permille);
  EXPECT_FALSE(reading.load1_hundredths);
  EXPECT_EQ(reading.memory_kib, nullptr);
  EXPECT_EQ(reading.swap_kib, nullptr);
  EXPECT_EQ(reading.network, nullptr);
  EXPECT_TRUE(reading.temperatures.empty());
}

TEST_F(SensorsTest, RootThatDoesNotExistGivesNoDisk) {
  EXPECT_EQ(Sensors(root_ / "nowhere").read().disk_mib, nullptr);
}

TEST_F(SensorsTest, SurvivesNonsenseInEveryFile) {
  for (const std::string_view nonsense :
       {"", "\n", "\n\n:\n: :\n", "cpu\n", "cpu x y z\n", "cpu -1 -1 -1 -1\n", "nan\n", "-1\n",
        "inf\n", "1e300\n", "99999999999999999999999999\n",
        "eth0:\neth0: 1\neth0: 1 2 3 4 5 6 7 8\n", "MemTotal:\nMemTotal: x\nMemAvailable: 5\n",
        "\xff\xfe\x01"}) {
    SCOPED_TRACE(std::string(nonsense));
    for (const char* file :
         {"proc/stat", "proc/loadavg", "proc/uptime", "proc/meminfo", "proc/net/dev",
          "sys/class/thermal/thermal_zone0/type", "sys/class/thermal/thermal_zone0/temp"}) {
      write(file, nonsense);
    }
    Sensors sensors(root_);
    const BoardReadingT reading = sensors.read();
    EXPECT_FALSE(reading.cpu_permille);
    EXPECT_FALSE(reading.load1_hundredths);
    EXPECT_EQ(reading.uptime_ms, 0U);
    EXPECT_EQ(reading.memory_kib, nullptr);
    EXPECT_EQ(reading.network, nullptr);
    EXPECT_LE(reading.temperatures.size(), 1U);  // "-1" is a temperature, if a cool one
  }
}

TEST_F(SensorsTest, SurvivesDirectoriesInPlaceOfFiles) {
  for (const char* file : {"proc/stat", "proc/loadavg", "proc/meminfo", "proc/net/dev",
                           "sys/class/thermal/thermal_zone0/temp"}) {
    fs::create_directories(root_ / file);
  }
  EXPECT_FALSE(Sensors(root_).read().cpu_permille);
}

TEST_F(SensorsTest, ProcessorCountersThatGoBackGiveNoLoad) {
  write("proc/stat", "cpu  500 0 0 500 0 0 0 0\n");
  Sensors sensors(root_);
  write("proc/stat", "cpu  100 0 0 100 0 0 0 0\n");
  EXPECT_FALSE(sensors.read().cpu_permille);
  write("proc/stat", "cpu  200 0 0 100 0 0 0 0\n");
  EXPECT_EQ(sensors.read().cpu_permille, 1000);
}

TEST_F(SensorsTest, AmountsTooLargeForTheWireSaturate) {
  write("proc/meminfo", "MemTotal: 9000000000 kB\nMemAvailable: 1000000 kB\n");
  write("proc/loadavg", "70000.00 1 1\n");
  const BoardReadingT reading = Sensors(root_).read();
  ASSERT_NE(reading.memory_kib, nullptr);
  EXPECT_EQ(reading.memory_kib->total(), 0xFFFF'FFFFU);
  ASSERT_TRUE(reading.load1_hundredths);
  EXPECT_EQ(*reading.load1_hundredths, 0xFFFF);
}

TEST_F(SensorsTest, NoSwapCostsNothing) {
  write("proc/meminfo",
        "MemTotal: 1000 kB\nMemAvailable: 500 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
  EXPECT_EQ(Sensors(root_).read().swap_kib, nullptr);
}

TEST(TemperatureName, IsFitForTerminal) {
  EXPECT_EQ(name_of(make_temperature("a\x1b[2Jb", 0)), "a?[2Jb");
  EXPECT_EQ(name_of(make_temperature("", 0)), "");
}

}  // namespace
}  // namespace board
