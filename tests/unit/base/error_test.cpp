#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/event.hpp>
#include <holdfast/status.hpp>
#include <holdfast/version.hpp>

#include "base/failure.hpp"

namespace holdfast {
namespace {

using testing::HasSubstr;

// The values of an enum as they are written in the public header, so that none is forgotten here.
std::vector<int> values_in_header(const std::string& name) {
  std::ifstream file(HOLDFAST_SOURCE_DIR "/sdk/include/holdfast/error.hpp");
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  const auto begin = all.find("enum class " + name + " {");
  const std::string body = all.substr(begin, all.find("};", begin) - begin);
  const std::regex assignment(R"(\n\s+\w+ = (\d+),)");
  std::vector<int> values;
  for (std::sregex_iterator at(body.begin(), body.end(), assignment), end; at != end; ++at) {
    values.push_back(std::stoi((*at)[1]));
  }
  return values;
}

TEST(Error, HasATextOfItsOwnForEveryCode) {
  const auto values = values_in_header("Errc");
  ASSERT_GE(values.size(), 30U);
  std::set<std::string> texts;
  for (const int value : values) {
    const std::string text = make_error_code(static_cast<Errc>(value)).message();
    EXPECT_NE(text, "unknown error") << value;
    EXPECT_TRUE(texts.insert(text).second) << "two codes are called \"" << text << '"';
  }
}

TEST(Error, HasAConditionForEveryCode) {
  const auto conditions = values_in_header("Condition");
  ASSERT_GE(conditions.size(), 6U);
  for (const int value : values_in_header("Errc")) {
    const auto code = make_error_code(static_cast<Errc>(value));
    int matching = 0;
    for (const int condition : conditions)
      matching += code == static_cast<Condition>(condition) ? 1 : 0;
    EXPECT_EQ(matching, 1) << code.message();
  }
}

TEST(Error, HasATextForEveryCondition) {
  for (const int value : values_in_header("Condition")) {
    EXPECT_NE(make_error_condition(static_cast<Condition>(value)).message(), "unknown condition")
        << value;
  }
}

TEST(Error, HasATextForANumberThatNobodyKnows) {
  EXPECT_EQ(make_error_code(static_cast<Errc>(999)).message(), "unknown error");
  EXPECT_FALSE(error_category().message(-1).empty());
  EXPECT_FALSE(error_category().message(5'000).empty());
}

TEST(Error, TellsTheCallerWhatToDo) {
  EXPECT_EQ(make_error_code(Errc::outbox_full), Condition::retry_later);
  EXPECT_EQ(make_error_code(Errc::unreachable), Condition::retry_later);
  EXPECT_EQ(make_error_code(Errc::bad_credentials), Condition::fix_configuration);
  EXPECT_EQ(make_error_code(Errc::identity_refused), Condition::identity_refused);
  EXPECT_EQ(make_error_code(Errc::expired), Condition::expired);
  EXPECT_EQ(make_error_code(Errc::closed), Condition::closed);
  EXPECT_EQ(make_error_code(Errc::not_authorised), Condition::refused);
  EXPECT_NE(make_error_code(Errc::not_authorised), Condition::retry_later);
}

TEST(Error, BelongsToACategoryOfItsOwn) {
  const std::error_code code = Errc::timed_out;
  EXPECT_STREQ(code.category().name(), "holdfast");
  EXPECT_NE(code, std::make_error_code(std::errc::timed_out));
  EXPECT_FALSE(std::error_code());
  EXPECT_NE(std::error_code(), Condition::retry_later) << "no error is no condition";
}

TEST(ConfigErrorTest, NamesTheFieldTheValueAndTheMend) {
  const ConfigError error("pins[1]", "sha1/x", "use SHA-256");
  EXPECT_EQ(error.field(), "pins[1]");
  EXPECT_EQ(error.value(), "sha1/x");
  EXPECT_EQ(error.mend(), "use SHA-256");
  EXPECT_STREQ(error.what(), "pins[1] = \"sha1/x\": use SHA-256");
}

TEST(FailureTest, IsTrueOnlyWhereSomethingFailed) {
  EXPECT_FALSE(Failure());
  EXPECT_TRUE(Failure(Errc::closed, "text"));
}

TEST(Names, AreThereForEveryKindAndState) {
  std::set<std::string_view> kinds;
  for (int i = 0; i <= static_cast<int>(EventKind::stopped); ++i) {
    kinds.insert(to_string(static_cast<EventKind>(i)));
  }
  EXPECT_EQ(kinds.size(), static_cast<std::size_t>(EventKind::stopped) + 1);
  EXPECT_FALSE(kinds.contains("unknown"));
  std::set<std::string_view> states;
  for (int i = 0; i <= static_cast<int>(State::stopped); ++i)
    states.insert(to_string(static_cast<State>(i)));
  EXPECT_EQ(states.size(), static_cast<std::size_t>(State::stopped) + 1);
  EXPECT_FALSE(states.contains("unknown"));
}

TEST(Version, IsTheSameAsTextAndAsNumbers) {
  EXPECT_EQ(version(), std::to_string(kVersionMajor) + "." + std::to_string(kVersionMinor) + "." +
                           std::to_string(kVersionPatch));
}

}  // namespace
}  // namespace holdfast
