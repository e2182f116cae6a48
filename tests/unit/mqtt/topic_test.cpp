#include "mqtt/topic.hpp"

#include <gtest/gtest.h>

#include <holdfast/limits.hpp>

namespace holdfast::mqtt_engine {
namespace {

using namespace std::string_literals;

TEST(Topic, TakesWhatMqttAllows) {
  for (const auto& topic :
       {"a"s, "a/b"s, "/"s, "/a"s, "a/"s, "a//b"s, "$SYS/broker"s, "Accounts payable"s,
        "größe/日本/🚚"s, std::string(limits::kMaxTopicBytes, 'x')}) {
    EXPECT_EQ(why_not_topic(topic), "") << topic;
    EXPECT_EQ(why_not_filter(topic), "") << topic;
  }
}

TEST(Topic, RefusesToBeEmpty) {
  EXPECT_NE(why_not_topic(""), "");
  EXPECT_NE(why_not_filter(""), "");
}

TEST(Topic, RefusesToBeTooLongAndTellsHowLong) {
  const std::string topic(limits::kMaxTopicBytes + 1, 'x');
  EXPECT_NE(why_not_topic(topic).find("1025"), std::string::npos);
  EXPECT_NE(why_not_topic(topic).find("1024"), std::string::npos);
  EXPECT_NE(why_not_filter(topic), "");
}

TEST(Topic, RefusesWildcardsWhereAMessageIsPublished) {
  for (const auto* topic : {"#", "+", "a/#", "a/+/b", "a+", "a#b"})
    EXPECT_NE(why_not_topic(topic), "") << topic;
}

TEST(Filter, TakesWildcardsThatAreLevelsOfTheirOwn) {
  for (const auto* filter : {"#", "+", "+/#", "a/#", "a/+", "+/+", "/+", "a/+/b", "+/a/#", "$SYS/#",
                             "$share/group/a/#", "$share/g/+", "$share/g/#", "$shared/x"}) {
    EXPECT_EQ(why_not_filter(filter), "") << filter;
  }
}

TEST(Filter, RefusesWildcardsInTheMiddleOfALevel) {
  for (const auto* filter :
       {"a#", "a/b#", "#/a", "a/#/b", "a+", "+a", "a/+b", "a/b+/c", "##", "++", "#+"}) {
    EXPECT_NE(why_not_filter(filter), "") << filter;
  }
}

TEST(Filter, RefusesASharedSubscriptionThatIsIncomplete) {
  for (const auto* filter : {"$share/", "$share/g", "$share/g/", "$share//a", "$share/g+/a",
                             "$share/#/a", "$share/g/a#"}) {
    EXPECT_NE(why_not_filter(filter), "") << filter;
  }
}

TEST(Utf8, TakesTheFirstAndTheLastCharacterOfEachLength) {
  for (const auto& text :
       {" "s, "~"s, "\xC2\xA0"s, "\xDF\xBF"s, "\xE0\xA0\x80"s, "\xED\x9F\xBF"s, "\xEE\x80\x80"s,
        "\xEF\xBF\xBD"s, "\xF0\x90\x80\x80"s, "\xF4\x8F\xBF\xBD"s}) {
    EXPECT_EQ(why_not_utf8(text), "");
    EXPECT_EQ(why_not_utf8("a" + text + "b"), "");
  }
}

TEST(Utf8, TakesEmptyText) {
  EXPECT_EQ(why_not_utf8(""), "");
}

TEST(Utf8, RefusesOverlongForms) {
  for (const auto& text : {"\xC0\x80"s, "\xC0\xAF"s, "\xC1\xBF"s, "\xE0\x80\x80"s, "\xE0\x9F\xBF"s,
                           "\xF0\x80\x80\x80"s, "\xF0\x8F\xBF\xBF"s}) {
    EXPECT_NE(why_not_utf8(text), "");
  }
}

TEST(Utf8, RefusesSurrogates) {
  for (const auto& text : {"\xED\xA0\x80"s, "\xED\xAF\xBF"s, "\xED\xB0\x80"s, "\xED\xBF\xBF"s,
                           "\xED\xA0\xBD\xED\xB8\x80"s}) {
    EXPECT_NE(why_not_utf8(text), "");
  }
}

TEST(Utf8, RefusesWhatIsBeyondUnicode) {
  for (const auto& text :
       {"\xF4\x90\x80\x80"s, "\xF5\x80\x80\x80"s, "\xF8\x88\x80\x80\x80"s, "\xFE"s, "\xFF"s}) {
    EXPECT_NE(why_not_utf8(text), "");
  }
}

TEST(Utf8, RefusesStrayAndMissingContinuations) {
  for (const auto& text : {"\x80"s, "\xBF"s, "a\x80"s, "\xC2"s, "\xC2\x41"s, "\xE2\x82"s,
                           "\xE2\x82\x41"s, "\xF0\x9F\x9A"s, "\xC2\xC2\xA0"s}) {
    EXPECT_NE(why_not_utf8(text), "");
  }
}

TEST(Utf8, RefusesTheNullCharacterAndOtherControls) {
  EXPECT_NE(why_not_utf8("a\0b"s), "");
  for (int c = 0; c < 0x20; ++c)
    EXPECT_NE(why_not_utf8(std::string(1, static_cast<char>(c))), "") << c;
  EXPECT_NE(why_not_utf8("\x7F"), "");
  for (int c = 0x80; c <= 0x9F; ++c) {
    EXPECT_NE(why_not_utf8("\xC2"s + static_cast<char>(c)), "") << c;
  }
}

TEST(Utf8, TellsWhereTheTextIsWrong) {
  EXPECT_NE(why_not_utf8("abc\x01").find("byte 4"), std::string::npos);
  EXPECT_NE(why_not_utf8("ab\xFF").find("byte 3"), std::string::npos);
}

// The examples of MQTT 5 section 4.7, and their borders.
struct Match {
  const char* filter;
  const char* topic;
  bool expected;
};

class Matching : public testing::TestWithParam<Match> {};

TEST_P(Matching, FollowsSection47) {
  const Match& match = GetParam();
  ASSERT_EQ(why_not_filter(match.filter), "");
  ASSERT_EQ(why_not_topic(match.topic), "");
  EXPECT_EQ(matches(match.filter, match.topic), match.expected)
      << match.filter << " and " << match.topic;
}

INSTANTIATE_TEST_SUITE_P(
    Table, Matching,
    testing::Values(Match{"sport/tennis/player1/#", "sport/tennis/player1", true},
                    Match{"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
                    Match{"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
                    Match{"sport/tennis/player1/#", "sport/tennis/player10", false},
                    Match{"sport/#", "sport", true}, Match{"sport/#", "sports", false},
                    Match{"sport/#", "sport/", true}, Match{"#", "a", true},
                    Match{"#", "a/b/c", true}, Match{"#", "/", true},
                    Match{"sport/tennis/+", "sport/tennis/player1", true},
                    Match{"sport/tennis/+", "sport/tennis/player1/ranking", false},
                    Match{"sport/+", "sport", false}, Match{"sport/+", "sport/", true},
                    Match{"+/+", "/finance", true}, Match{"/+", "/finance", true},
                    Match{"+", "/finance", false}, Match{"+", "finance", true},
                    Match{"+/tennis/#", "sport/tennis/x", true},
                    Match{"+/tennis/#", "sport/tennis", true}, Match{"+/tennis/#", "tennis", false},
                    Match{"sport/+/player1", "sport/tennis/player1", true},
                    Match{"sport/+/player1", "sport//player1", true}, Match{"+/#", "a", true},
                    Match{"a/+/#", "a", false}, Match{"a/+/#", "a/b", true}, Match{"a", "a", true},
                    Match{"a", "A", false}, Match{"a", "a/b", false}, Match{"a/b", "a", false},
                    Match{"/a", "a", false}, Match{"a/", "a", false}, Match{"a", "a/", false},
                    Match{"a//b", "a//b", true}, Match{"a//b", "a/b", false}));

INSTANTIATE_TEST_SUITE_P(DollarTopics, Matching,
                         testing::Values(Match{"#", "$SYS/monitor", false},
                                         Match{"+/monitor/Clients", "$SYS/monitor/Clients", false},
                                         Match{"$SYS/#", "$SYS/monitor/Clients", true},
                                         Match{"$SYS/#", "$SYS", true},
                                         Match{"$SYS/monitor/+", "$SYS/monitor/Clients", true},
                                         Match{"+/#", "$SYS/monitor", false},
                                         Match{"a/#", "a/$SYS", true}, Match{"a/+", "a/$x", true}));

INSTANTIATE_TEST_SUITE_P(
    SharedSubscriptions, Matching,
    testing::Values(Match{"$share/group/a/#", "a/b", true}, Match{"$share/group/a/#", "a", true},
                    Match{"$share/group/a", "group/a", false}, Match{"$share/g/+", "a", true},
                    Match{"$share/g/#", "$SYS/monitor", false},
                    Match{"$share/g/$SYS/#", "$SYS/monitor", true},
                    Match{"$share/g//a", "/a", true}, Match{"$shared/a", "a", false}));

}  // namespace
}  // namespace holdfast::mqtt_engine
