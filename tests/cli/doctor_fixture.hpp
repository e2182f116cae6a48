// Runs `holdfast doctor --json` and reads what it has found.

#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

#include "cli/cli_fixture.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {

using Json = nlohmann::json;

class DoctorTest : public BrokerCliTest {
 protected:
  struct Visit {
    int status = -1;
    Json json;
    std::string err;

    // The step of this name; null if there was none.
    Json step(const std::string& name) const {
      for (const Json& one : json.at("steps")) {
        if (one.at("step") == name) return one;
      }
      return {};
    }
    std::string finding(const std::string& name) const {
      const Json one = step(name);
      return one.is_null() ? "none" : one.at("finding").get<std::string>();
    }
    std::string text(const std::string& name) const {
      const Json one = step(name);
      if (one.is_null()) return "";
      return one.at("what").get<std::string>() + " | " +
             (one.at("mend").is_null() ? "" : one.at("mend").get<std::string>());
    }
    bool says(const std::string& name, const std::string& part) const {
      return text(name).find(part) != std::string::npos;
    }
  };

  Visit visit(const Words& words) {
    Words all = words;
    all.emplace_back("--json");
    const auto result = cli(all);
    Visit visit{.status = result.status, .json = {}, .err = result.err};
    visit.json = Json::parse(result.out, nullptr, false);
    EXPECT_TRUE(visit.json.is_object()) << result.out << result.err;
    if (!visit.json.is_object()) visit.json = {{"steps", Json::array()}};
    expect_sum(visit);
    return visit;
  }

  // The bytes of the steps are all that was spent.
  static void expect_sum(const Visit& visit) {
    std::uint64_t sum = 0;
    for (const Json& one : visit.json.at("steps")) {
      if (one.at("bytes").is_number()) sum += one.at("bytes").get<std::uint64_t>();
    }
    EXPECT_EQ(visit.json.value("bytes", std::uint64_t{0}), sum) << visit.json.dump(1);
  }

  Visit visit_port(std::uint16_t port, const Words& more = {}) {
    return visit(words("doctor", port, more));
  }

  // What failed is told with a mend, nothing behind it was done, and the host is looked at anyway.
  static void expect_failed(const Visit& visit, const std::string& step, int status) {
    EXPECT_EQ(visit.status, status) << visit.json.dump(1) << visit.err;
    EXPECT_EQ(visit.json.value("exit_code", -1), status);
    EXPECT_EQ(visit.json.value("result", ""), "failed");
    EXPECT_EQ(visit.finding(step), "failed") << visit.json.dump(1);
    EXPECT_FALSE(visit.step(step).is_null() || visit.step(step).at("mend").is_null());
    EXPECT_NE(visit.finding("host"), "none");
    bool behind = false;
    for (const Json& one : visit.json.at("steps")) {
      const std::string name = one.at("step");
      EXPECT_FALSE(behind && name != "host" && name != "clock") << name << " after the failure";
      behind = behind || name == step;
    }
  }
};

}  // namespace holdfast::test
