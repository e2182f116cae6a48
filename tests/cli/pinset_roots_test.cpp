// Can the root keys be replaced, and do devices of every age follow?

#include <nlohmann/json.hpp>

#include "cli/pinset_fixture.hpp"

namespace holdfast::test {
namespace {

using Json = nlohmann::json;

class PinsetRootsTest : public PinsetTest {
 protected:
  PinsetRootsTest() : old_(make_root("old")), new_(make_root("new")) {
    pinset({"new", "--version", "1", "--pin", pin_a_, "--pin", pin_b_, "--revoke", pin_c_, "--root",
            old_, "-o", "s1"});
    sign("old", "s1");
  }

  std::string old_;
  std::string new_;
};

TEST_F(PinsetRootsTest, ANewerSetKeepsTheRootKeysAndCountsUp) {
  pinset({"new", "--from", "s1", "--pin", pin_a_, "--pin", pin_b_, "-o", "s2"});
  sign("old", "s2");
  pinset({"verify", "s2", "--root", old_});
  const auto shown = Json::parse(pinset({"show", "s2", "--json"}).out);
  EXPECT_EQ(shown.at("version"), 2);
  EXPECT_EQ(shown.at("roots").size(), 1u);
  EXPECT_EQ(shown.at("revoked"), Json::array({pin_c_})) << "what was revoked stays so";
}

TEST_F(PinsetRootsTest, TheVersionMustGoUpAndARevokedKeyStaysOut) {
  pinset_fails(
      {"new", "--from", "s1", "--version", "1", "--pin", pin_a_, "--pin", pin_b_, "-o", "x"});
  pinset_fails({"new", "--from", "s1", "--pin", pin_a_, "--pin", pin_c_, "-o", "x"});
  EXPECT_FALSE(there("x"));
}

TEST_F(PinsetRootsTest, AChangeOfRootKeysIsSignedByTheOldAndTheNewOnes) {
  const auto made =
      pinset({"new", "--from", "s1", "--pin", pin_a_, "--pin", pin_b_, "--root", new_, "-o", "s2"});
  EXPECT_TRUE(made.says("version 2 of the root keys")) << made.err;
  // The old key signs the change; it has no say about the pins any more.
  sign("old", "s2");
  const auto half = pinset_fails({"verify", "s2", "--root", old_});
  EXPECT_TRUE(half.says("version 2 of the root keys")) << half.err;
  sign("new", "s2");
  pinset({"verify", "s2", "--root", old_});
  pinset({"verify", "s2", "--root", new_, "--root-version", "2"});
  pinset_fails({"verify", "s2", "--root", new_});  // as version 1: that was the old one's
  EXPECT_TRUE(Json::parse(pinset({"show", "s2", "--json"}).out).at("missing").empty());
}

TEST_F(PinsetRootsTest, TheNewKeysAloneDoNotMakeThemselvesRoots) {
  pinset({"new", "--from", "s1", "--pin", pin_a_, "--pin", pin_b_, "--root", new_, "-o", "s2"});
  sign("new", "s2");
  const auto result = pinset_fails({"verify", "s2", "--root", old_});
  EXPECT_TRUE(result.says("signed by 0 of the 1")) << result.err;
}

TEST_F(PinsetRootsTest, DevicesOfEveryAgeFollowTwoChanges) {
  const auto third = make_root("third");
  pinset({"new", "--from", "s1", "--pin", pin_a_, "--pin", pin_b_, "--root", new_, "-o", "s2"});
  sign("old", "s2");
  sign("new", "s2");
  pinset({"new", "--from", "s2", "--pin", pin_a_, "--pin", pin_b_, "--root", third, "--root", new_,
          "--threshold", "2", "-o", "s3"});
  sign("new", "s3");
  pinset_fails({"verify", "s3", "--root", old_});
  sign("third", "s3");
  pinset({"verify", "s3", "--root", old_});
  pinset({"verify", "s3", "--root", new_, "--root-version", "2"});
  pinset(
      {"verify", "s3", "--root", new_, "--root", third, "--threshold", "2", "--root-version", "3"});
  // The first key belongs to a change that has long been signed: nothing is left for it to sign.
  EXPECT_TRUE(pinset({"sign", "--key", "old/root.key", "s3", "-o", "x"}).says("already"));
}

TEST_F(PinsetRootsTest, AThresholdAloneIsAChangeToo) {
  const auto second = make_root("second");
  pinset({"new", "--version", "1", "--pin", pin_a_, "--pin", pin_b_, "--root", old_, "--root",
          second, "--threshold", "1", "-o", "a"});
  pinset({"new", "--from", "a", "--pin", pin_a_, "--pin", pin_b_, "--threshold", "2", "-o", "b"});
  EXPECT_EQ(Json::parse(pinset({"show", "b", "--json"}).out).at("roots").size(), 2u);
  pinset({"new", "--from", "a", "--pin", pin_a_, "--pin", pin_b_, "--threshold", "1", "-o", "c"});
  EXPECT_EQ(Json::parse(pinset({"show", "c", "--json"}).out).at("roots").size(), 1u);
}

}  // namespace
}  // namespace holdfast::test
