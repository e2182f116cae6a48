// Is everything gone that must not be seen, and nothing else?

#include <gtest/gtest.h>

#include <string>

#include "observe/packet_copy.hpp"
#include "observe/secrets.hpp"
#include "unit/observe/packets.hpp"

namespace holdfast::observe {
namespace {

using test::bytes_of;
using test::ConnectText;
using test::counted;
using test::packet;
using test::properties;
using test::publish_text;

std::string blanked(std::string text, Payloads payloads = Payloads::shown,
                    MqttVersion version = MqttVersion::v5) {
  blank_secrets(std::as_writable_bytes(std::span(text)), version, payloads);
  return text;
}

std::string stars_for(std::string text, const std::string& secret) {
  const auto at = text.find(secret);
  EXPECT_NE(at, std::string::npos) << secret;
  return text.replace(at, secret.size(), std::string(secret.size(), '*'));
}

TEST(Secrets, OfConnectAreUserNameAndPasswordAndNothingElse) {
  for (const char level : {'\3', '\4', '\5'}) {
    for (const bool will : {false, true}) {
      const std::string text = ConnectText{.level = level, .will = will}.text();
      EXPECT_EQ(blanked(text), stars_for(stars_for(text, "the-user"), "hunter2!"))
          << int{level} << will;
    }
  }
}

TEST(Secrets, AWillsPayloadIsOneOnDemand) {
  const std::string text = ConnectText{.will = true}.text();
  EXPECT_EQ(blanked(text, Payloads::blanked),
            stars_for(stars_for(stars_for(text, "the-user"), "hunter2!"), "gone-for-good"));
}

TEST(Secrets, AreAuthenticationDataAndUserPropertiesWhereverALoginIsMade) {
  const std::string login = std::string("\x15") + counted("SCRAM") + "\x16" + counted("proof!") +
                            "\x26" + counted("token") + counted("bearer-x") +
                            std::string("\x11\0\0\0\x09", 5);
  const auto expected = [](const std::string& text) {
    return stars_for(stars_for(text, "proof!"), "bearer-x");
  };
  const std::string connect = ConnectText{.properties = login}.text();
  EXPECT_EQ(blanked(connect), stars_for(stars_for(expected(connect), "the-user"), "hunter2!"));
  const std::string connack = packet(0x20, std::string(2, '\0') + properties(login));
  EXPECT_EQ(blanked(connack), expected(connack));
  const std::string auth = packet(0xF0, "\x18" + properties(login));
  EXPECT_EQ(blanked(auth), expected(auth));
}

TEST(Secrets, APropertyThatNobodyKnowsHidesTheRestOfItsSectionAlone) {
  const std::string text =
      ConnectText{.properties = std::string("\x21\0\x05\x7E", 4) + "secretive"}.text();
  const std::string out = blanked(text);
  EXPECT_EQ(out.find("secretive"), std::string::npos);
  EXPECT_EQ(out.find("hunter2!"), std::string::npos);
  EXPECT_NE(out.find("truck-17"), std::string::npos) << "what follows is read on";
}

TEST(Secrets, AVersionThatNobodyKnowsIsHiddenWhole) {
  const std::string out = blanked(ConnectText{.level = 6}.text());
  EXPECT_EQ(out.find("truck-17"), std::string::npos);
  EXPECT_EQ(out.find("hunter2!"), std::string::npos);
}

TEST(Secrets, WhatIsCutOffIsHidden) {
  const std::string whole = ConnectText{.will = true}.text();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string out = blanked(whole.substr(0, size), Payloads::blanked);
    for (const char* secret : {"hunt", "the-u", "gone-"}) {
      EXPECT_EQ(out.find(secret), std::string::npos) << size;
    }
  }
}

TEST(Secrets, PayloadsAreOnDemandAndTopicsStay) {
  for (const bool v5 : {true, false}) {
    const std::string text = publish_text("truck/17/r", "21.5 degrees", v5);
    const auto version = v5 ? MqttVersion::v5 : MqttVersion::v3_1_1;
    EXPECT_EQ(blanked(text, Payloads::shown, version), text);
    EXPECT_EQ(blanked(text, Payloads::blanked, version), stars_for(text, "21.5 degrees"));
  }
  const std::string at_most_once = packet(0x30, counted("t") + properties() + "21.5");
  EXPECT_EQ(blanked(at_most_once, Payloads::blanked), stars_for(at_most_once, "21.5"));
}

// --- of a stream --------------------------------------------------------------------------------

std::string stream() {
  return ConnectText{.will = true}.text() + publish_text("truck/17/r", "21.5 degrees") +
         packet(0x82, std::string("\0\x01\0", 3) + counted("truck/17/cmd") + "\x01") +
         packet(0xF0, "\x18" + properties("\x16" + counted("proof!"))) + packet(0xC0, "") +
         publish_text("truck/17/r", std::string(300, 'x'));
}

std::string text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(PacketCopy, IsTheSameHoweverTheStreamIsCut) {
  const std::string text = stream();
  for (const Payloads payloads : {Payloads::shown, Payloads::blanked}) {
    std::string expected = stars_for(stars_for(stars_for(text, "the-user"), "hunter2!"), "proof!");
    if (payloads == Payloads::blanked) {
      expected = stars_for(stars_for(expected, "gone-for-good"), "21.5 degrees");
      expected = stars_for(expected, std::string(300, 'x'));
    }
    // Every way to cut it in two, and every even size of pieces.
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
      PacketCopy copy(MqttVersion::v5, 100'000);
      PacketCopy::Copied out;
      copy.take(bytes_of(text).first(cut), payloads, &out);
      copy.take(bytes_of(text).subspan(cut), payloads, &out);
      ASSERT_EQ(text_of(out.bytes), expected) << cut;
    }
    for (std::size_t size = 1; size < 64; ++size) {
      PacketCopy copy(MqttVersion::v5, 100'000);
      PacketCopy::Copied out;
      for (auto rest = bytes_of(text); !rest.empty();
           rest = rest.subspan(std::min(size, rest.size()))) {
        copy.take(rest.first(std::min(size, rest.size())), payloads, &out);
      }
      ASSERT_EQ(text_of(out.bytes), expected) << size;
    }
  }
}

TEST(PacketCopy, WhoJoinsInBetweenGetsTheNextWholePacketAndItsPlace) {
  const std::string text = stream();
  const std::size_t second = ConnectText{.will = true}.text().size();
  const std::size_t third = second + publish_text("truck/17/r", "21.5 degrees").size();
  for (std::size_t cut = second; cut < third; ++cut) {
    PacketCopy copy(MqttVersion::v5, 100'000);
    copy.take(bytes_of(text).first(cut), Payloads::shown, nullptr);
    copy.join();
    PacketCopy::Copied out;
    copy.take(bytes_of(text).subspan(cut), Payloads::shown, &out);
    // A header in parts belongs to the packet that is not there yet.
    const std::size_t begin = cut < second + 2 ? second : third;
    EXPECT_EQ(out.offset, begin) << cut;
    EXPECT_EQ(text_of(out.bytes), stars_for(text, "proof!").substr(begin)) << cut;
  }
}

TEST(PacketCopy, AConnectThatIsUnderWayIsNotSeenHalf) {
  const std::string text = stream();
  const std::size_t end = ConnectText{.will = true}.text().size();
  for (std::size_t cut = 0; cut < end; ++cut) {
    PacketCopy copy(MqttVersion::v5, 100'000);
    copy.take(bytes_of(text).first(cut), Payloads::shown, nullptr);
    copy.join();
    PacketCopy::Copied out;
    copy.take(bytes_of(text).subspan(cut), Payloads::shown, &out);
    EXPECT_EQ(out.offset, 0U);
    EXPECT_EQ(out.bytes.size(), text.size());
    EXPECT_EQ(text_of(out.bytes).find("hunter2!"), std::string::npos) << cut;
  }
}

TEST(PacketCopy, KeepsTheGreetingWithoutItsSecretsAndNoOther) {
  PacketCopy copy(MqttVersion::v5, 100'000);
  copy.take(bytes_of(stream()), Payloads::shown, nullptr);
  const std::string connect = ConnectText{.will = true}.text();
  EXPECT_EQ(text_of(copy.greeting()), stars_for(stars_for(connect, "the-user"), "hunter2!"));
  copy.take(bytes_of(ConnectText{.user = "another"}.text()), Payloads::shown, nullptr);
  EXPECT_EQ(copy.greeting().size(), connect.size());
}

TEST(PacketCopy, AGreetingThatIsVeryLongIsNotKept) {
  PacketCopy copy(MqttVersion::v5, 100'000);
  const std::string payload(PacketCopy::kMostKept, 'x');
  copy.take(bytes_of(ConnectText{.will = true, .will_payload = payload}.text()), Payloads::shown,
            nullptr);
  EXPECT_TRUE(copy.greeting().empty());
}

TEST(PacketCopy, NothingIsCopiedOfWhatIsNoMqtt) {
  PacketCopy copy(MqttVersion::v5, 1'000);
  PacketCopy::Copied out;
  copy.take(bytes_of(packet(0xC0, "") + packet(0x10, std::string(2'000, 'p'))), Payloads::shown,
            &out);
  EXPECT_TRUE(copy.broken());
  EXPECT_EQ(text_of(out.bytes), packet(0xC0, ""));
  copy.take(bytes_of(packet(0xC0, "")), Payloads::shown, &out);
  EXPECT_EQ(out.bytes.size(), 2U);
}

}  // namespace
}  // namespace holdfast::observe
