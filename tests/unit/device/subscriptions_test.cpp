#include "device/subscriptions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <holdfast/error.hpp>
#include <holdfast/limits.hpp>

namespace holdfast::device {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

void nothing(const Message&) {}

std::vector<std::string> filters(const std::vector<Subscriptions::Wanted>& wanted) {
  std::vector<std::string> all;
  for (const auto& one : wanted) all.push_back(one.filter);
  return all;
}

ConfigError refusal(Subscriptions& subscriptions, const std::string& filter,
                    Subscriptions::Handler handler = nothing,
                    const SubscribeOptions& options = {}) {
  try {
    subscriptions.set(filter, std::move(handler), options);
  } catch (const ConfigError& error) {
    return error;
  }
  ADD_FAILURE() << filter << " was taken";
  return {"", "", ""};
}

TEST(Subscriptions, AreEmptyAtFirst) {
  Subscriptions subscriptions;
  EXPECT_TRUE(subscriptions.empty());
  EXPECT_THAT(subscriptions.match("a"), IsEmpty());
  EXPECT_THAT(subscriptions.wanted(true), IsEmpty());
}

TEST(Subscriptions, RefuseAFilterThatMqttForbids) {
  Subscriptions subscriptions;
  EXPECT_EQ(refusal(subscriptions, "a/#/b").field(), "filter");
  EXPECT_EQ(refusal(subscriptions, "").field(), "filter");
  EXPECT_TRUE(subscriptions.empty());
}

TEST(Subscriptions, RefuseQos2AndAMissingHandler) {
  Subscriptions subscriptions;
  EXPECT_EQ(refusal(subscriptions, "a", nothing, {.qos = Qos::exactly_once}).field(), "qos");
  EXPECT_EQ(refusal(subscriptions, "a", nullptr).field(), "handler");
  EXPECT_TRUE(subscriptions.empty());
}

TEST(Subscriptions, RefuseOneFilterMoreThanAllowed) {
  Subscriptions subscriptions;
  for (std::size_t i = 0; i < limits::kMaxSubscriptions; ++i) {
    subscriptions.set("t/" + std::to_string(i), nothing, {});
  }
  EXPECT_EQ(refusal(subscriptions, "one/more").field(), "filter");
  EXPECT_NO_THROW(subscriptions.set("t/0", nothing, {})) << "replacing needs no room";
}

TEST(Subscriptions, FindEveryHandlerWhoseFilterMatches) {
  Subscriptions subscriptions;
  std::vector<std::string> called;
  for (const std::string filter : {"a/#", "a/b", "c"}) {
    subscriptions.set(filter, [&called, filter](const Message&) { called.push_back(filter); }, {});
  }
  for (const auto& handler : subscriptions.match("a/b")) (*handler)({});
  EXPECT_THAT(called, UnorderedElementsAre("a/#", "a/b"));
  EXPECT_THAT(subscriptions.match("x"), IsEmpty());
}

TEST(Subscriptions, ReplaceTheHandlerOfAKnownFilter) {
  Subscriptions subscriptions;
  int first = 0;
  int second = 0;
  subscriptions.set("a", [&](const Message&) { ++first; }, {});
  subscriptions.set("a", [&](const Message&) { ++second; }, {});
  for (const auto& handler : subscriptions.match("a")) (*handler)({});
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
}

TEST(Subscriptions, KeepAHandlerThatRunsWhileItIsReplaced) {
  Subscriptions subscriptions;
  auto held = std::make_shared<int>(7);
  const std::weak_ptr<int> watch = held;
  subscriptions.set("a", [held = std::move(held)](const Message&) {}, {});
  const auto running = subscriptions.match("a");
  subscriptions.set("a", nothing, {});
  EXPECT_FALSE(watch.expired());
}

TEST(Subscriptions, AreAskedForOnce) {
  Subscriptions subscriptions;
  subscriptions.set("a", nothing, {});
  subscriptions.set("b", nothing, {.qos = Qos::at_most_once});
  const auto wanted = subscriptions.wanted(false);
  EXPECT_THAT(filters(wanted), ElementsAre("a", "b"));
  EXPECT_EQ(wanted[1].qos, Qos::at_most_once);
  EXPECT_THAT(subscriptions.wanted(false), IsEmpty());
  subscriptions.set("c", nothing, {});
  EXPECT_THAT(filters(subscriptions.wanted(false)), ElementsAre("c"));
}

TEST(Subscriptions, AreAllAskedForWhereTheBrokerHasForgottenThem) {
  Subscriptions subscriptions;
  subscriptions.set("a", nothing, {});
  subscriptions.answered(subscriptions.wanted(false)[0].id);
  EXPECT_THAT(filters(subscriptions.wanted(true)), ElementsAre("a"));
}

TEST(Subscriptions, AreAskedForAgainWhereTheConnectionEndedBeforeTheAnswer) {
  Subscriptions subscriptions;
  subscriptions.set("a", nothing, {});
  subscriptions.set("b", nothing, {});
  subscriptions.answered(subscriptions.wanted(false)[0].id);
  subscriptions.forget_unanswered();
  EXPECT_THAT(filters(subscriptions.wanted(false)), ElementsAre("b"));
}

TEST(Subscriptions, AreAskedForAgainWhenTheirQosChanges) {
  Subscriptions subscriptions;
  subscriptions.set("a", nothing, {});
  const auto id = subscriptions.wanted(false)[0].id;
  subscriptions.answered(id);
  subscriptions.set("a", nothing, {});
  EXPECT_THAT(subscriptions.wanted(false), IsEmpty())
      << "the twin: another handler alone is our business";
  subscriptions.set("a", nothing, {.qos = Qos::at_most_once});
  const auto wanted = subscriptions.wanted(false);
  ASSERT_EQ(wanted.size(), 1U);
  EXPECT_EQ(wanted[0].id, id);
  EXPECT_EQ(wanted[0].qos, Qos::at_most_once);
}

TEST(Subscriptions, AreAskedForAgainWhenTheirQosChangesBeforeTheAnswer) {
  Subscriptions subscriptions;
  subscriptions.set("a", nothing, {});
  const auto id = subscriptions.wanted(false)[0].id;
  subscriptions.set("a", nothing, {.qos = Qos::at_most_once});
  subscriptions.answered(id);  // to the first question
  EXPECT_THAT(filters(subscriptions.wanted(false)), ElementsAre("a"));
}

TEST(Subscriptions, NameTheFilterOfAnAnswer) {
  Subscriptions subscriptions;
  subscriptions.set("a", nothing, {});
  subscriptions.set("b", nothing, {});
  const auto wanted = subscriptions.wanted(false);
  EXPECT_EQ(subscriptions.filter_of(wanted[1].id), "b");
  EXPECT_EQ(subscriptions.filter_of(999), "");
  EXPECT_NO_THROW(subscriptions.answered(999));
}

}  // namespace
}  // namespace holdfast::device
