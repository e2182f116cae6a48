// Do the bytes that `holdfast doctor` tells of its steps cross the device's own interface?

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "link/link_fixture.hpp"
#include "support/process.hpp"

namespace holdfast::test {
namespace {

using Json = nlohmann::json;

class DoctorLinkTest : public LinkTest {
 protected:
  Json visit(const Mosquitto& broker) {
    const Options options = far_options(broker);
    std::vector<std::string> words{HOLDFAST_CLI, "doctor", "--json", "--broker", options.broker};
    for (const std::string& pin : options.pins) words.insert(words.end(), {"--pin", pin});
    const auto result = run(std::move(words), kBound);
    EXPECT_EQ(result.status, 0) << result.output;
    return Json::parse(result.output);
  }
};

TEST_F(DoctorLinkTest, WhatItsStepsTellIsWhatCrosses) {
  set({.delay = 25ms});
  const auto broker = make_far_broker();
  const Json json = visit(*broker);
  const link::Traffic bill = bill_of(*broker);
  const auto told = json.at("bytes").get<std::uint64_t>();
  EXPECT_GE(told, bill.ip_bytes());
  // Exactly, as a rule; on a busy machine TCP repeats what is late, and estimates come in.
  EXPECT_LE(told, bill.ip_bytes() * 11 / 10) << json.dump(1);
  const auto segments = link_->segments();
  ASSERT_GE(segments.size(), 2U);
  ASSERT_TRUE(segments[0].syn && segments[1].syn);
  for (const Json& step : json.at("steps")) {
    if (step.at("step") == "tcp" && step.at("ms") < 200) {
      EXPECT_EQ(step.at("bytes"), segments[0].ip_bytes + segments[1].ip_bytes);
    }
    if (step.at("step") == "resumption") {
      EXPECT_EQ(step.at("resumed"), true);
    }
  }
}

}  // namespace
}  // namespace holdfast::test
