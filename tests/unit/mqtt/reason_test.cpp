#include "mqtt/reason.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::mqtt_engine {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kWhat = "the broker refused the login";

TEST(Reason, HasAnErrorAndAnExplanationForEveryCodeOfMqtt5) {
  // Section 2.4 has no hole between these two.
  for (int code = 0x80; code <= 0xA2; ++code) {
    const Failure failure = explain_reason(code, kWhat);
    EXPECT_TRUE(failure) << code;
    EXPECT_THAT(failure.detail, StartsWith(kWhat)) << code;
    EXPECT_THAT(failure.detail, HasSubstr(": ")) << "code " << code << " has no explanation";
  }
}

TEST(Reason, NamesTheCodeAsTheSpecificationWritesIt) {
  EXPECT_THAT(explain_reason(0x87, kWhat).detail, HasSubstr("0x87"));
  EXPECT_THAT(explain_reason(0xFE, kWhat).detail, HasSubstr("0xFE"));
}

TEST(Reason, IsRefusedByBrokerWhereTheCodeIsUnknown) {
  for (const int code : {0xA3, 0xFF, 0x7F}) {
    EXPECT_EQ(explain_reason(code, kWhat).error, Errc::refused_by_broker);
  }
}

TEST(Reason, TellsTheCallerWhatToDo) {
  EXPECT_EQ(explain_reason(0x86, kWhat).error, Errc::bad_credentials);
  EXPECT_EQ(explain_reason(0x86, kWhat).error, Condition::fix_configuration);
  EXPECT_EQ(explain_reason(0x87, kWhat).error, Condition::refused);
  EXPECT_EQ(explain_reason(0x89, kWhat).error, Condition::retry_later);
  EXPECT_EQ(explain_reason(0x8E, kWhat).error, Errc::session_taken_over);
  EXPECT_EQ(explain_reason(0x97, kWhat).error, Condition::retry_later);
  EXPECT_EQ(explain_reason(0x9D, kWhat).error, Errc::server_moved);
  EXPECT_EQ(explain_reason(0x9C, kWhat).error, Errc::use_another_server);
  EXPECT_EQ(explain_reason(0x9C, kWhat).error, Condition::retry_later);
}

TEST(Reason, TranslatesTheReturnCodesOfMqtt3) {
  EXPECT_EQ(explain_connack_3(1).error, Errc::unsupported_version);
  EXPECT_EQ(explain_connack_3(2).error, Errc::client_id_refused);
  EXPECT_EQ(explain_connack_3(3).error, Errc::server_busy);
  EXPECT_EQ(explain_connack_3(4).error, Errc::bad_credentials);
  EXPECT_EQ(explain_connack_3(5).error, Errc::not_authorised);
}

TEST(Reason, TakesAnyOtherReturnCodeOfMqtt3) {
  for (const int code : {-1, 0, 6, 255, 1'000'000}) {
    const Failure failure = explain_connack_3(code);
    EXPECT_EQ(failure.error, Errc::refused_by_broker);
    EXPECT_THAT(failure.detail, HasSubstr(std::to_string(code)));
  }
}

TEST(FinalRefusal, EndsTheLifeOfAMessageThatCanNeverBeTaken) {
  for (const int code : {0x87, 0x90, 0x95, 0x99, 0x9A, 0x9B})
    EXPECT_TRUE(is_final_refusal(code)) << code;
}

TEST(FinalRefusal, SparesAMessageThatMayBeTakenLater) {
  // Quota exceeded waits; "unspecified" and "implementation specific" may have been passing faults.
  for (const int code : {0x97, 0x80, 0x83, 0x91, 0x00, 0x10, -1})
    EXPECT_FALSE(is_final_refusal(code)) << code;
}

}  // namespace
}  // namespace holdfast::mqtt_engine
