#include "track.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>

namespace drive {
namespace {

constexpr char kHeader[] = "time_ms,lat_e7,lon_e7,speed_cm_s,heading_cdeg,fuel_permille\n";

class TrackTest : public testing::Test {
 protected:
  TrackTest() : file_(testing::TempDir() + "track-" + std::to_string(::getpid())) {}
  ~TrackTest() override { std::remove(file_.c_str()); }

  Track read(const std::string& text) {
    std::ofstream(file_) << text;
    return read_track(file_);
  }
  std::string complaint(const std::string& text) {
    try {
      read(text);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }

  std::string file_;
};

TEST_F(TrackTest, HasAPositionForEachLine) {
  const Track track =
      read(std::string(kHeader) + "1,481370001,115750014,250,9000,782\n2,,,0,0,781\n");
  ASSERT_EQ(track.positions.size(), 2u);
  EXPECT_DOUBLE_EQ(*track.positions[0].lat, 48.1370001);
  EXPECT_FLOAT_EQ(track.positions[0].speed, 2.5f);
  EXPECT_FLOAT_EQ(track.positions[0].heading, 90.0f);
  EXPECT_FLOAT_EQ(track.positions[0].fuel, 78.2f);
  EXPECT_FALSE(track.positions[1].lat);
}

TEST_F(TrackTest, SaysWhichLineIsWrong) {
  for (const char* line :
       {"x,1,1,1,1,1", "1,1,1,1,1", "1,1,1,1,1,1,1", "1,1,1,,1,1", "", "1,1,1,1,1,1 "}) {
    EXPECT_NE(complaint(std::string(kHeader) + line + "\n").find(":2 "), std::string::npos) << line;
  }
}

TEST_F(TrackTest, WantsItsHeader) {
  EXPECT_NE(complaint("1,1,1,1,1,1\n").find(":1 "), std::string::npos);
}

TEST_F(TrackTest, AnEmptyOrMissingFileIsNamed) {
  EXPECT_NE(complaint(kHeader).find(file_), std::string::npos);
  EXPECT_THROW(read_track("/nowhere/track.csv"), std::runtime_error);
}

}  // namespace
}  // namespace drive
