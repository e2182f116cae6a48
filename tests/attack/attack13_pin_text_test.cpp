// Can a pin be written so that a device trusts something else than its author meant? What is not
// exactly a SHA-256 in base64 is refused when the device is made, before any socket is opened.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "attack/attack_fixture.hpp"
#include "support/resources.hpp"
#include "support/scripted_server.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

constexpr std::string_view kPrefix = "sha256/";

std::string digest_of(const std::string& pin) {
  return pin.substr(kPrefix.size());
}

// What the error has to name.
struct Named {
  std::string field;
  std::string value;
  std::string_view mend;  // a part of it
};

// A visitor of the test's own: whoever came before it has been counted when it is.
void knock_at(const ScriptedServer& server) {
  const int visitor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(visitor, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(visitor);
  EXPECT_TRUE(server.wait_for_accepts(1, kBound));
}

class Attack13Test : public AttackTest {
 protected:
  void expect_pins_refused(std::vector<std::string> pins, const Named& named) {
    ScriptedServer server(
        [](ScriptedConnection& connection) { connection.receive_until_closed(); });
    Options options = options_for(server.port());
    options.pins = std::move(pins);
    const std::size_t descriptors = open_descriptors();
    try {
      Device device(options);
      ADD_FAILURE() << "these pins were taken";
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.field(), named.field);
      EXPECT_EQ(error.value(), named.value);
      EXPECT_NE(error.mend().find(named.mend), std::string::npos) << error.mend();
      const std::string_view what = error.what();
      EXPECT_NE(what.find(named.field), std::string_view::npos) << what;
      EXPECT_NE(what.find(named.value), std::string_view::npos) << what;
      EXPECT_NE(what.find(named.mend), std::string_view::npos) << what;
    }
    EXPECT_EQ(open_descriptors(), descriptors);
    knock_at(server);
    EXPECT_EQ(server.accepts(), 1u) << "somebody connected before the test's own visitor";
    EXPECT_EQ(server.received(), "");
  }

  // The spelling is refused in either place.
  void expect_spelling_refused(const std::string& pin, std::string_view mend) {
    expect_pins_refused({pin, backup_.pin}, {"pins[0]", pin, mend});
    expect_pins_refused({backup_.pin, pin}, {"pins[1]", pin, mend});
  }

  void expect_pins_work(std::vector<std::string> pins, const Identity& identity,
                        PinCount count = PinCount::at_least_two) {
    const auto broker = make_broker({.tls = identity});
    Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
    Options options = options_for(broker->tls_port());
    options.pins = std::move(pins);
    options.pin_count = count;
    WatchedDevice device(options);
    device->start();
    const auto delivery = device.wait_for_delivery(device.publish("t", "good"));
    ASSERT_TRUE(delivery) << "no connection with this spelling";
    EXPECT_FALSE(delivery->error) << delivery->detail;
    EXPECT_TRUE(subscriber.wait_for_count(1, kBound));
    EXPECT_EQ(device->status().vouching_pin, identity.pin);
    EXPECT_TRUE(device->stop().clean);
  }

  // A key whose pin is spelled differently in the url-safe alphabet. Three of four are.
  Identity key_with_special_characters() {
    Identity identity = key_;
    while (digest_of(identity.pin).find_first_of("+/") == std::string::npos) {
      identity = self_signed(dir_, KeyType::p256, "localhost");
    }
    return identity;
  }
};

TEST_F(Attack13Test, Attack13_EmptyPin) {
  expect_spelling_refused("", "the pin is empty");
}

TEST_F(Attack13Test, Attack13_PrefixWithoutADigest) {
  expect_spelling_refused("sha256/", "32 bytes have 44 base64 characters");
  expect_spelling_refused("sha256//", "32 bytes have 44 base64 characters");
}

TEST_F(Attack13Test, Attack13_Sha1) {
  expect_spelling_refused("sha1/2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "SHA-1 is not accepted");
}

TEST_F(Attack13Test, Attack13_Sha1DigestUnderTheOtherName) {
  expect_spelling_refused("sha256/2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "32 bytes have 44");
}

TEST_F(Attack13Test, Attack13_ShortDigest) {
  const std::string& pin = key_.pin;
  expect_spelling_refused(pin.substr(0, pin.size() - 4), "32 bytes have 44 base64 characters");
  expect_spelling_refused(pin.substr(0, pin.size() - 5) + "=", "32 bytes have 44");
}

TEST_F(Attack13Test, Attack13_UrlSafeBase64) {
  std::string digest = digest_of(key_with_special_characters().pin);
  std::replace(digest.begin(), digest.end(), '+', '-');
  std::replace(digest.begin(), digest.end(), '/', '_');
  expect_spelling_refused(std::string(kPrefix) + digest, "replace - by + and _ by /");
}

TEST_F(Attack13Test, Attack13_StandardBase64_Good) {
  const Identity identity = key_with_special_characters();
  expect_pins_work({identity.pin, backup_.pin}, identity);
}

TEST_F(Attack13Test, Attack13_MissingPadding) {
  expect_spelling_refused(key_.pin.substr(0, key_.pin.size() - 1), "padding character =");
}

TEST_F(Attack13Test, Attack13_WhiteSpace) {
  for (const char* const space : {" ", "\t", "\n", "\r\n"}) {
    expect_spelling_refused(space + key_.pin, "white space");
    expect_spelling_refused(key_.pin + space, "white space");
    std::string inside = key_.pin;
    inside.insert(20, space);
    expect_spelling_refused(inside, "white space");
  }
  expect_spelling_refused(" ", "white space");
}

TEST_F(Attack13Test, Attack13_SpelledRight_Good) {
  expect_pins_work({key_.pin, backup_.pin}, key_);
}

TEST_F(Attack13Test, Attack13_TwoSlashes_Good) {
  expect_pins_work({"sha256//" + digest_of(key_.pin), backup_.pin}, key_);
  expect_pins_work({backup_.pin, "sha256//" + digest_of(key_.pin)}, key_);
}

TEST_F(Attack13Test, Attack13_ThreeSlashes) {
  expect_spelling_refused("sha256///" + digest_of(key_.pin), "32 bytes have 44");
}

TEST_F(Attack13Test, Attack13_Duplicate) {
  expect_pins_refused({key_.pin, key_.pin}, {"pins[1]", key_.pin, "is in the set already"});
  expect_pins_refused({key_.pin, backup_.pin, key_.pin},
                      {"pins[2]", key_.pin, "that of a backup key"});
}

TEST_F(Attack13Test, Attack13_DuplicateInTheOtherSpelling) {
  const std::string other = "sha256//" + digest_of(key_.pin);
  expect_pins_refused({key_.pin, other}, {"pins[1]", other, "is in the set already"});
  expect_pins_refused({other, key_.pin}, {"pins[1]", key_.pin, "is in the set already"});
}

TEST_F(Attack13Test, Attack13_TwoDifferentKeys_Good) {
  // The backup key's turn: either pin vouches, in whichever spelling.
  expect_pins_work({"sha256//" + digest_of(key_.pin), backup_.pin}, backup_);
}

TEST_F(Attack13Test, Attack13_NoPins) {
  expect_pins_refused({}, {"pins", "", "without a pin no broker can be trusted"});
}

TEST_F(Attack13Test, Attack13_OnePinOnly) {
  expect_pins_refused({key_.pin}, {"pins", key_.pin, "add the pin of a backup key"});
}

TEST_F(Attack13Test, Attack13_OnePinThatIsAskedFor_Good) {
  expect_pins_work({key_.pin}, key_, PinCount::one_is_enough);
}

}  // namespace
}  // namespace holdfast::test
