#include "device/check_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include <holdfast/error.hpp>

namespace holdfast::device {
namespace {

// Why a device that has a place to keep messages does not take this one.
Failure why_not(std::string_view topic, std::size_t bytes, const PublishOptions& options) {
  return check_publish(topic, bytes, options, true);
}

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

Options good() {
  return {.broker = "mqtts://broker.example.com",
          .client_id = "truck-17",
          .pins = {"sha256/ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=",
                   "sha256/PiPoFgOUWUos8k1CqUQgWsMx9d8nwiCu1XnTSEAWFJ0="}};
}

// The refusal of good options with one thing changed.
ConfigError refusal(const std::function<void(Options&)>& change) {
  Options options = good();
  change(options);
  try {
    check_options(std::move(options));
  } catch (const ConfigError& error) {
    return error;
  }
  ADD_FAILURE() << "the options were taken";
  return {"", "", ""};
}

void expect_taken(const std::function<void(Options&)>& change) {
  Options options = good();
  change(options);
  EXPECT_NO_THROW(check_options(std::move(options)));
}

TEST(CheckOptions, TakesTheLeastThatADeviceNeeds) {
  const Settings settings = check_options(good());
  EXPECT_EQ(settings.broker.host, "broker.example.com");
  EXPECT_EQ(settings.broker.port, 8883);
  EXPECT_EQ(settings.built_in.pins.size(), 2U);
  EXPECT_EQ(settings.options.client_id, "truck-17");
}

TEST(CheckOptions, RefusesOptionsThatWereNotSet) {
  EXPECT_EQ(refusal([](Options& o) { o.broker.clear(); }).field(), "broker");
  EXPECT_EQ(refusal([](Options& o) { o.client_id.clear(); }).field(), "client_id");
  EXPECT_EQ(refusal([](Options& o) { o.pins.clear(); }).field(), "pins");
  EXPECT_THROW(check_options({}), ConfigError);
}

TEST(CheckOptions, RefusesABrokerWithoutTls) {
  EXPECT_EQ(refusal([](Options& o) { o.broker = "mqtt://broker"; }).field(), "broker");
}

TEST(CheckOptions, RefusesAPinThatIsNone) {
  EXPECT_EQ(refusal([](Options& o) { o.pins[1] = "sha256/x"; }).field(), "pins[1]");
}

TEST(CheckOptions, RefusesAClientIdThatIsTooLongOrNotPlain) {
  const auto error = refusal([](Options& o) { o.client_id = std::string(129, 'x'); });
  EXPECT_EQ(error.field(), "client_id");
  EXPECT_EQ(error.value(), "129 bytes");
  EXPECT_THAT(error.mend(), HasSubstr("128"));
  expect_taken([](Options& o) { o.client_id = std::string(128, 'x'); });
  EXPECT_THAT(refusal([](Options& o) { o.client_id = "a\nb"; }).mend(),
              HasSubstr("control character"));
  EXPECT_EQ(refusal([](Options& o) { o.client_id = "\xFF"; }).field(), "client_id");
}

TEST(CheckOptions, RefusesAUserNameThatIsTooLongOrNotPlain) {
  EXPECT_EQ(refusal([](Options& o) { o.username = std::string(8'193, 'x'); }).field(), "username");
  expect_taken([](Options& o) { o.username = std::string(8'192, 'x'); });
  EXPECT_EQ(refusal([](Options& o) { o.username = "a\x01"; }).field(), "username");
}

TEST(CheckOptions, NeverRepeatsThePassword) {
  const std::string secret = "hunter2";
  const auto error = refusal([&](Options& o) {
    for (int i = 0; i < 2'000; ++i) o.password += secret;
  });
  EXPECT_EQ(error.field(), "password");
  EXPECT_THAT(error.what(), Not(HasSubstr(secret)));
  EXPECT_THAT(error.value(), Not(HasSubstr(secret)));
  const auto lonely = refusal([&](Options& o) {
    o.password = secret;
    o.mqtt_version = MqttVersion::v3_1_1;
  });
  EXPECT_THAT(lonely.what(), Not(HasSubstr(secret)));
}

TEST(CheckOptions, TakesAnyBytesAsAPassword) {
  expect_taken([](Options& o) { o.password = std::string("\x00\xFF\n", 3); });
}

TEST(CheckOptions, RefusesAPasswordWithoutAUserNameOnlyForMqtt3) {
  const auto change = [](Options& o) {
    o.password = "x";
    o.mqtt_version = MqttVersion::v3_1_1;
  };
  EXPECT_EQ(refusal(change).field(), "username");
  expect_taken([](Options& o) { o.password = "x"; });
  expect_taken([&](Options& o) {
    change(o);
    o.username = "u";
  });
}

TEST(CheckOptions, APresenceNeedsTheWillForItself) {
  const auto with = [](const Presence& presence, auto... more) {
    return [=](Options& o) {
      o.presence = presence;
      (more(o), ...);
    };
  };
  EXPECT_EQ(refusal(with({})).field(), "presence.topic");
  EXPECT_EQ(refusal(with({.topic = "a/#"})).field(), "presence.topic");
  const auto both = refusal(with({.topic = "s"}, [](Options& o) { o.will = Will{.topic = "w"}; }));
  EXPECT_EQ(both.field(), "presence.topic");
  EXPECT_NE(both.mend().find("leave `will` empty"), std::string::npos) << both.mend();
  EXPECT_EQ(refusal(with({.topic = "s", .offline_after = 30min - 1s})).field(),
            "presence.offline_after");
  EXPECT_EQ(refusal(with({.topic = "s", .offline_after = 1h},
                         [](Options& o) { o.mqtt_version = MqttVersion::v3_1_1; }))
                .field(),
            "presence.offline_after");
  EXPECT_EQ(refusal(with({.topic = "s", .refresh = 59min})).field(), "presence.refresh");
  expect_taken(with({.topic = "s", .offline_after = 30min, .refresh = 0s}));
  expect_taken(with({.topic = "s", .refresh = 1h}));
}

TEST(CheckOptions, RefusesAWillThatCannotBePublished) {
  const auto with_will = [](const Will& will) { return [will](Options& o) { o.will = will; }; };
  EXPECT_EQ(refusal(with_will({})).field(), "will.topic");
  EXPECT_EQ(refusal(with_will({.topic = "a/+"})).field(), "will.topic");
  EXPECT_EQ(refusal(with_will({.topic = "a", .qos = Qos::exactly_once})).field(), "will.qos");
  EXPECT_EQ(refusal(with_will({.topic = "a",
                               .payload = std::vector<std::byte>(limits::kMaxPayloadBytes + 1)}))
                .field(),
            "will.payload");
  EXPECT_EQ(refusal(with_will({.topic = "a", .delay = -1s})).field(), "will.delay");
  EXPECT_EQ(refusal(with_will({.topic = "a", .delay = 24h * 365 + 1s})).field(), "will.delay");
  expect_taken(
      with_will({.topic = "a", .payload = std::vector<std::byte>(limits::kMaxPayloadBytes)}));
}

struct Range {
  std::string field;
  std::function<void(Options&, std::chrono::milliseconds)> set;
  std::chrono::milliseconds least;
  std::chrono::milliseconds most;
  std::chrono::milliseconds step = 1ms;
};

template <class T>
T as(std::chrono::milliseconds time) {
  return std::chrono::duration_cast<T>(time);
}

class TimeOption : public testing::TestWithParam<Range> {};

TEST_P(TimeOption, IsTakenInsideItsRangeAndRefusedOutside) {
  const Range& range = GetParam();
  for (const auto time : {range.least, range.most}) {
    expect_taken([&](Options& o) { range.set(o, time); });
  }
  for (const auto time : {range.least - range.step, range.most + range.step}) {
    const auto error = refusal([&](Options& o) { range.set(o, time); });
    EXPECT_EQ(error.field(), range.field);
    EXPECT_EQ(error.value(), std::to_string(time.count()) + " ms");
    EXPECT_THAT(error.mend(), HasSubstr(std::to_string(range.least.count()) + " ms"));
    EXPECT_THAT(error.mend(), HasSubstr(std::to_string(range.most.count()) + " ms"));
  }
}

using Ms = std::chrono::milliseconds;
using Sec = std::chrono::seconds;

const std::vector<Range>& ranges() {
  static const std::vector<Range> all{
      {"session_expiry", [](Options& o, Ms t) { o.session_expiry = as<Sec>(t); }, 0ms, 24h * 365,
       1s},
      {"reachable_within", [](Options& o, Ms t) { o.reachable_within = as<Sec>(t); }, 10s, 18h, 1s},
      {"resumption.max_age", [](Options& o, Ms t) { o.resumption.max_age = as<Sec>(t); }, 1s,
       limits::kMaxResumptionAge, 1s},
      {"backoff.base", [](Options& o, Ms t) { o.backoff.base = t; }, 1ms, limits::kBackoffCap},
      {"backoff.stable_after", [](Options& o, Ms t) { o.backoff.stable_after = t; }, 0ms, 24h},
      {"backoff.cap", [](Options& o, Ms t) { o.backoff = {.base = 1ms, .cap = t}; }, 1ms, 24h},
      {"timeouts.resolve", [](Options& o, Ms t) { o.timeouts.resolve = t; }, 10ms, 1h},
      {"timeouts.connect", [](Options& o, Ms t) { o.timeouts.connect = t; }, 10ms, 1h},
      {"timeouts.handshake", [](Options& o, Ms t) { o.timeouts.handshake = t; }, 10ms, 1h},
      {"timeouts.connack", [](Options& o, Ms t) { o.timeouts.connack = t; }, 10ms, 1h},
      {"timeouts.response", [](Options& o, Ms t) { o.timeouts.response = t; }, 10ms, 1h},
      {"timeouts.ack", [](Options& o, Ms t) { o.timeouts.ack = t; }, 10ms, 1h}};
  return all;
}

std::string name_of_range(const testing::TestParamInfo<Range>& param) {
  std::string name = param.param.field;
  for (char& character : name) character = character == '.' ? '_' : character;
  return name;
}

INSTANTIATE_TEST_SUITE_P(Table, TimeOption, testing::ValuesIn(ranges()), name_of_range);

TEST(CheckOptions, RefusesTheLongestTimeThatCanBeWritten) {
  // "For ever" is a natural thing to write; converted to milliseconds it must not become something
  // else.
  EXPECT_EQ(refusal([](Options& o) { o.session_expiry = Sec::max(); }).field(), "session_expiry");
  EXPECT_EQ(refusal([](Options& o) { o.reachable_within = Sec::max(); }).field(),
            "reachable_within");
  EXPECT_EQ(refusal([](Options& o) { o.timeouts.ack = Ms::max(); }).field(), "timeouts.ack");
  // 2⁶⁴ ms and a little more: where the arithmetic wraps, this is 384 ms.
  EXPECT_EQ(refusal([](Options& o) { o.session_expiry = Sec(18'446'744'073'709'552); }).field(),
            "session_expiry");
}

TEST(CheckOptions, RefusesAKeyThatVouchesForEver) {
  EXPECT_EQ(refusal([](Options& o) { o.resumption.max_age = Sec::max(); }).field(),
            "resumption.max_age");
  const auto error = refusal([](Options& o) { o.resumption.max_without_clock = 1001; });
  EXPECT_EQ(error.field(), "resumption.max_without_clock");
  EXPECT_EQ(error.value(), "1001");
  expect_taken([](Options& o) { o.resumption.max_without_clock = 0; });
}

TEST(CheckOptions, RefusesAnOutboxThatHoldsNothing) {
  EXPECT_EQ(refusal([](Options& o) { o.outbox.messages = 0; }).field(), "outbox.messages");
  EXPECT_EQ(refusal([](Options& o) { o.outbox.messages = 10'000'001; }).field(), "outbox.messages");
  EXPECT_EQ(refusal([](Options& o) { o.outbox.bytes = 0; }).field(), "outbox.bytes");
  expect_taken([](Options& o) { o.outbox = {.messages = 1, .bytes = 1}; });
}

// --- One message --------------------------------------------------------------------------------

TEST(CheckPublish, TakesWhatCanBeSent) {
  EXPECT_FALSE(why_not("a/b", 0, {}));
  EXPECT_FALSE(why_not("a/b", limits::kMaxPayloadBytes, {.max_delay = 24h, .ttl = 24h * 365}));
}

TEST(CheckPublish, RefusesATopicThatMqttForbids) {
  for (const char* topic : {"", "a/#", "a\x01"}) {
    const Failure failure = why_not(topic, 1, {});
    EXPECT_EQ(failure.error, Errc::invalid_topic) << topic;
    EXPECT_THAT(failure.detail, HasSubstr("topic \""));
  }
}

TEST(CheckPublish, ShowsALongTopicOnlyInPart) {
  EXPECT_LT(why_not(std::string(60'000, 'x'), 1, {}).detail.size(), 300U);
}

TEST(CheckOptions, TakesFallbackBrokersWithAndWithoutPinsOfTheirOwn) {
  Options options = good();
  options.fallback_brokers = {{.broker = "mqtts://second.example.com:443"},
                              {.broker = "mqtts://192.0.2.3", .pins = {good().pins[1]}}};
  const Settings settings = check_options(options);
  ASSERT_EQ(settings.fallbacks.size(), 2U);
  EXPECT_EQ(settings.fallbacks[0].broker.text(), "second.example.com:443");
  EXPECT_TRUE(settings.fallbacks[0].pins.empty());
  EXPECT_EQ(settings.fallbacks[1].pins.size(), 1U);
}

TEST(CheckOptions, NamesTheFallbackBrokerThatIsWrong) {
  const auto wrong_url = refusal([](Options& o) {
    o.fallback_brokers = {{.broker = "mqtts://good"}, {.broker = "mqtt://bad"}};
  });
  EXPECT_EQ(wrong_url.field(), "fallback_brokers[1].broker");
  EXPECT_EQ(wrong_url.value(), "mqtt://bad");
  const auto wrong_pin = refusal(
      [](Options& o) { o.fallback_brokers = {{.broker = "mqtts://good", .pins = {"sha1/x"}}}; });
  EXPECT_THAT(wrong_pin.field(), HasSubstr("fallback_brokers[0].pins"));
  const auto too_many = refusal([](Options& o) { o.fallback_brokers.resize(8); });
  EXPECT_EQ(too_many.field(), "fallback_brokers");
  EXPECT_THAT(too_many.mend(), HasSubstr("7"));
}

TEST(CheckOptions, RefusesANetworkInterfaceThatNoKernelHas) {
  expect_taken([](Options& o) { o.network_interface = "wwan0"; });
  expect_taken([](Options& o) { o.network_interface = std::string(15, 'x'); });
  for (const char* name : {"sixteen-bytes-00", "a/b", "a b", "a:1", ".", ".."}) {
    EXPECT_EQ(refusal([&](Options& o) { o.network_interface = name; }).field(),
              "network_interface");
  }
}

TEST(CheckOptions, RefusesAProxyThatItCannotUse) {
  Options options = good();
  options.proxy = "http://truck:secret@proxy:3128";
  EXPECT_EQ(check_options(options).reach.proxy->server.text(), "proxy:3128");
  EXPECT_EQ(refusal([](Options& o) { o.proxy = "https://proxy:1"; }).field(), "proxy");
}

TEST(CheckOptions, RefusesAnAddressLifetimeOutsideItsRange) {
  expect_taken([](Options& o) { o.address_lifetime = 0s; });
  EXPECT_EQ(refusal([](Options& o) { o.address_lifetime = -1s; }).field(), "address_lifetime");
  EXPECT_EQ(refusal([](Options& o) { o.address_lifetime = 31 * 24h; }).field(), "address_lifetime");
}

TEST(CheckOptions, RefusesAnAlpnThatIsNotOneName) {
  Options options = good();
  options.alpn = "x-amzn-mqtt-ca";
  EXPECT_EQ(check_options(options).tls.alpn, "x-amzn-mqtt-ca");
  for (const std::string& name :
       {std::string("mqtt,http/1.1"), std::string("mq tt"), std::string(256, 'x')}) {
    EXPECT_EQ(refusal([&](Options& o) { o.alpn = name; }).field(), "alpn");
  }
}

TEST(CheckPublish, RefusesAPayloadThatIsTooLarge) {
  const Failure failure = why_not("a", limits::kMaxPayloadBytes + 1, {});
  EXPECT_EQ(failure.error, Errc::payload_too_large);
  EXPECT_THAT(failure.detail, HasSubstr("262145"));
  EXPECT_THAT(failure.detail, HasSubstr("262144"));
}

TEST(CheckPublish, TakesPropertiesWithinTheirBounds) {
  PublishOptions options{.content_type = std::string(limits::kMaxContentTypeBytes, 'c'),
                         .response_topic = "reply/1",
                         .correlation_data = {limits::kMaxCorrelationBytes, std::byte{0}}};
  EXPECT_FALSE(why_not("a", 1, options));
  options.content_type += 'c';
  EXPECT_THAT(why_not("a", 1, options).detail, HasSubstr("content_type of 257 bytes"));
  options.content_type = "\xFF";
  EXPECT_THAT(why_not("a", 1, options).detail, HasSubstr("UTF-8"));
  options.content_type.clear();
  options.response_topic = "reply/#";
  EXPECT_EQ(why_not("a", 1, options).error, Errc::invalid_topic);
  options.response_topic.clear();
  options.correlation_data.emplace_back();
  EXPECT_THAT(why_not("a", 1, options).detail, HasSubstr("correlation_data of 257 bytes"));
}

TEST(CheckPublish, RefusesPropertiesThatMqtt311CannotCarry) {
  for (const auto& [field, options] :
       {std::pair("content_type", PublishOptions{.content_type = "text/plain"}),
        std::pair("response_topic", PublishOptions{.response_topic = "r"}),
        std::pair("correlation_data", PublishOptions{.correlation_data = {std::byte{1}}})}) {
    const Failure failure = check_publish("a", 1, options, true, MqttVersion::v3_1_1);
    EXPECT_EQ(failure.error, Errc::invalid_options);
    EXPECT_THAT(failure.detail, HasSubstr(std::string(field) + ": MQTT 3.1.1 cannot carry it"));
  }
  EXPECT_FALSE(check_publish("a", 1, {}, true, MqttVersion::v3_1_1));
}

TEST(StreamOptions, AContentTypeNeedsMqtt5) {
  const StreamOptions options{.content_type = "text/plain"};
  const Failure failure = check_stream("a", options, true, MqttVersion::v3_1_1);
  EXPECT_EQ(failure.error, Errc::invalid_options);
  EXPECT_NE(failure.detail.find("content_type: MQTT 3.1.1"), std::string::npos) << failure.detail;
  EXPECT_FALSE(check_stream("a", options, true, MqttVersion::v5));
  EXPECT_FALSE(check_stream("a", {}, true, MqttVersion::v3_1_1));
}

TEST(CheckPublish, RefusesTimesOutsideTheirRange) {
  for (const PublishOptions& options :
       {PublishOptions{.max_delay = -1ms}, PublishOptions{.max_delay = 24h + 1ms},
        PublishOptions{.max_delay = Ms::max()}, PublishOptions{.ttl = -1ms},
        PublishOptions{.ttl = 24h * 365 + 1ms}, PublishOptions{.ttl = Ms::max()}}) {
    EXPECT_EQ(why_not("a", 1, options).error, Errc::invalid_options);
  }
}

TEST(CheckPublish, RefusesATimeToLiveThatEndsBeforeTheDelayDoes) {
  const Failure failure = why_not("a", 1, {.max_delay = 10s, .ttl = 10s});
  EXPECT_EQ(failure.error, Errc::invalid_options);
  EXPECT_THAT(failure.detail, HasSubstr("never be sent"));
  EXPECT_FALSE(why_not("a", 1, {.max_delay = 10s, .ttl = 10'001ms}));
}

TEST(CheckOptions, ATraceNeedsTheSocketThatItIsAskedForThrough) {
  const auto with = [](const char* state_dir, bool socket) {
    return [state_dir, socket](Options& o) {
      o.allow_trace = true;
      o.state_dir = state_dir;
      o.status_socket = socket;
    };
  };
  expect_taken(with("state", true));
  for (const auto& set : {with("", true), with("state", false)}) {
    EXPECT_EQ(refusal(set).field(), "allow_trace");
    EXPECT_THAT(refusal(set).mend(), HasSubstr("status_socket"));
  }
}

TEST(CheckOptions, RefusesABudgetThatCannotBeKept) {
  const auto with = [](Budget budget) { return [budget](Options& o) { o.budget = budget; }; };
  const Budget taken{.bytes_per_month = 10'000'000, .reserve_for_urgent = 1'000'000};
  expect_taken(with(taken));
  Budget budget = taken;
  budget.bytes_per_month = 0;
  EXPECT_EQ(refusal(with(budget)).field(), "budget.bytes_per_month");
  budget.bytes_per_month = ~std::uint64_t{0};
  EXPECT_EQ(refusal(with(budget)).field(), "budget.bytes_per_month");
  budget = taken;
  budget.reserve_for_urgent = budget.bytes_per_month;
  EXPECT_EQ(refusal(with(budget)).field(), "budget.reserve_for_urgent");
  EXPECT_THAT(refusal(with(budget)).mend(), HasSubstr("10000000"));
  --budget.reserve_for_urgent;
  expect_taken(with(budget));
  for (const unsigned day : {0U, 32U}) {
    budget = taken;
    budget.billing_day = day;
    EXPECT_EQ(refusal(with(budget)).field(), "budget.billing_day");
    EXPECT_EQ(refusal(with(budget)).value(), std::to_string(day));
  }
  budget.billing_day = 31;
  expect_taken(with(budget));
}

}  // namespace
}  // namespace holdfast::device
