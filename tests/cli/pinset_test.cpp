// Can a pin set be made, signed apart, joined, judged and read, and nothing else pass for one?

#include <nlohmann/json.hpp>

#include "cli/pinset_fixture.hpp"

namespace holdfast::test {
namespace {

using Json = nlohmann::json;

TEST_F(PinsetTest, ASetOfOneRootKeyIsMadeSignedAndVerified) {
  const auto root = make_root("r");
  pinset({"new", "--version", "7", "--pin", pin_a_, "--pin", pin_b_, "--revoke", pin_c_, "--root",
          root, "--expires", "+365d", "--spread", "2h", "-o", "s"});
  pinset_fails({"verify", "s", "--root", root});
  sign("r", "s");
  const auto verified = pinset({"verify", "s", "--root", root});
  EXPECT_NE(verified.out.find("version 7"), std::string::npos) << verified.out;

  const auto shown = Json::parse(pinset({"show", "s", "--json"}).out);
  EXPECT_EQ(shown.at("version"), 7);
  EXPECT_EQ(shown.at("pins"), Json::array({pin_a_, pin_b_}));
  EXPECT_EQ(shown.at("revoked"), Json::array({pin_c_}));
  EXPECT_EQ(shown.at("spread_s"), 7200);
  EXPECT_EQ(shown.at("expires").get<std::int64_t>() - shown.at("issued").get<std::int64_t>(),
            365 * 24 * 3600);
  EXPECT_EQ(shown.at("signed_by"), Json::array({root}));
  EXPECT_EQ(shown.at("roots").at(0).at("signed_by"), Json::array({root}));
  EXPECT_TRUE(shown.at("missing").empty());
}

TEST_F(PinsetTest, SigningTwiceChangesNothing) {
  const auto root = make_root("r");
  pinset({"new", "--version", "1", "--pin", pin_a_, "--pin", pin_b_, "--root", root, "-o", "s"});
  sign("r", "s");
  const auto once = content("s");
  const auto again = pinset({"sign", "--key", "r/root.key", "s"});
  EXPECT_TRUE(again.says("already")) << again.err;
  EXPECT_EQ(content("s"), once);
}

TEST_F(PinsetTest, SignersMayWorkApartAndTheirCopiesAreMerged) {
  const auto one = make_root("1");
  const auto two = make_root("2");
  const auto three = make_root("3");
  pinset({"new", "--version", "1", "--pin", pin_a_, "--pin", pin_b_, "--root", one, "--root", two,
          "--root", three, "--threshold", "2", "-o", "s"});
  pinset({"sign", "--key", "1/root.key", "s", "-o", "s1"});
  pinset({"sign", "--key", "3/root.key", "s", "-o", "s3"});
  const Words verify{"--root", one, "--root", two, "--root", three, "--threshold", "2"};
  const auto judge = [&](const std::string& set) {
    Words words{"pinset", "verify", set};
    words.insert(words.end(), verify.begin(), verify.end());
    return cli(words);
  };
  const auto alone = judge("s1");
  EXPECT_EQ(alone.status, 2);
  EXPECT_TRUE(alone.says("signed by 1 of the 2")) << alone.err;
  pinset({"merge", "s1", "s3", "-o", "all"});
  EXPECT_EQ(judge("all").status, 0);
  EXPECT_EQ(judge("s1").status, 2) << "the copies stay as they were";
}

TEST_F(PinsetTest, TheSameSignerTwiceIsNotTwoSigners) {
  const auto one = make_root("1");
  const auto two = make_root("2");
  pinset({"new", "--version", "1", "--pin", pin_a_, "--pin", pin_b_, "--root", one, "--root", two,
          "--threshold", "2", "-o", "s"});
  pinset({"sign", "--key", "1/root.key", "s", "-o", "x"});
  pinset({"sign", "--key", "1/root.key", "s", "-o", "y"});
  pinset({"merge", "x", "y", "-o", "z"});
  pinset_fails({"verify", "z", "--root", one, "--root", two, "--threshold", "2"});
}

TEST_F(PinsetTest, DifferentSetsAreNotMergedAndTheDifferenceIsNamed) {
  const auto root = make_root("r");
  const auto make = [&](const char* file, const char* version, const std::string& second) {
    pinset({"new", "--version", version, "--pin", pin_a_, "--pin", second, "--root", root, "-o",
            file});
  };
  make("s", "1", pin_b_);
  make("version", "2", pin_b_);
  make("pins", "1", pin_c_);
  const auto version = pinset_fails({"merge", "s", "version", "-o", "m"});
  EXPECT_TRUE(version.says("version 1 and 2")) << version.err;
  const auto pins = pinset_fails({"merge", "s", "pins", "-o", "m"});
  EXPECT_TRUE(pins.says("their pins")) << pins.err;
  EXPECT_FALSE(there("m"));
}

TEST_F(PinsetTest, AForeignKeyDoesNotSign) {
  const auto root = make_root("r");
  const auto stranger = make_root("stranger");
  pinset({"new", "--version", "1", "--pin", pin_a_, "--pin", pin_b_, "--root", root, "-o", "s"});
  const auto result = pinset_fails({"sign", "--key", "stranger/root.key", "s"});
  EXPECT_TRUE(result.says(stranger)) << result.err;
  shell("openssl ecparam -name prime256v1 -genkey -noout -out ec");
  pinset_fails({"sign", "--key", "ec", "s"});
  pinset_fails({"verify", "s", "--root", stranger});
}

TEST_F(PinsetTest, AKeyOfOpensslSigns) {
  shell("openssl genpkey -algorithm ed25519 -out k");
  const auto root = shell(
      "printf ed25519/ && openssl pkey -in k -pubout -outform der | "
      "tail -c 32 | openssl base64 -A");
  pinset({"new", "--version", "1", "--pin", pin_a_, "--pin", pin_b_, "--root", root, "-o", "s"});
  pinset({"sign", "--key", "k", "s"});
  pinset({"verify", "s", "--root", root});
}

TEST_F(PinsetTest, OneChangedByteIsNoticed) {
  const auto root = make_root("r");
  pinset({"new", "--version", "1", "--pin", pin_a_, "--pin", pin_b_, "--root", root, "-o", "s"});
  sign("r", "s");
  const std::string good = content("s");
  const auto what_it_says = [&](const std::string& set) {
    auto shown = Json::parse(pinset({"show", set, "--json"}).out);
    for (auto& roots : shown.at("roots")) roots.erase("signed_by");
    return shown;
  };
  for (std::size_t i = 0; i < good.size(); i += 7) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    dir_.write("bad", bad);
    // Bytes that nobody reads (the padding of a FlatBuffer, the signature of the first root keys)
    // may change; what it says may not.
    if (cli({"pinset", "verify", "bad", "--root", root}).status != 0) continue;
    EXPECT_EQ(what_it_says("bad"), what_it_says("s")) << "byte " << i << " of " << good.size();
  }
}

TEST_F(PinsetTest, OptionsThatCannotWorkAreRefused) {
  const auto root = make_root("r");
  const auto other = make_root("o");
  const Words good{"--version", "1", "--pin", pin_a_, "--pin", pin_b_, "--root", root, "-o", "s"};
  const auto with = [&](const Words& more) {
    Words words{"new"};
    words.insert(words.end(), good.begin(), good.end());
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  for (const Words& more :
       {Words{"--pin", "sha256/short"}, Words{"--pin", pin_a_}, Words{"--revoke", pin_a_},
        Words{"--expires", "2001-01-01"}, Words{"--expires", "soon"},
        Words{"--expires", "2030-02-30"}, Words{"--spread", "8d"}, Words{"--root", "ed25519/x"},
        Words{"--root", root}, Words{"--root", other}, Words{"--threshold", "2"},
        Words{"--threshold", "0"}}) {
    pinset_fails(with(more));
  }
  EXPECT_FALSE(there("s"));
  pinset(with({}));
  pinset_fails({"new", "--pin", pin_a_, "--root", root, "-o", "x"});
  pinset_fails({"new", "--version", "1", "--pin", pin_a_, "-o", "x"});
  pinset_fails({"show", "missing"});
  dir_.write("text", "hello");
  EXPECT_TRUE(pinset_fails({"show", "text"}).says("no pin set"));
}

TEST_F(PinsetTest, OnePinAloneIsWarnedOf) {
  const auto root = make_root("r");
  const auto alone = pinset({"new", "--version", "1", "--pin", pin_a_, "--root", root, "-o", "s"});
  EXPECT_TRUE(alone.says("locks every device out")) << alone.err;
}

TEST_F(PinsetTest, SetsMayComeFromStdinAndGoToStdout) {
  const auto root = make_root("r");
  shell("$H pinset new --version 1 --pin " + pin_a_ + " --pin " + pin_b_ + " --root " + root +
        " -o - | $H pinset sign --key r/root.key - | $H pinset verify - --root " + root);
}

TEST_F(PinsetTest, CheckTellsWhetherACertificateIsCovered) {
  const auto root = make_root("r");
  ASSERT_EQ(cli({"keygen", "--name", "x"}).status, 0);
  ASSERT_EQ(cli({"keygen", "--name", "x", "--out", "new"}).status, 0);
  const auto service = pin_of(dir_.path() / "broker.crt");
  const auto backup = pin_of(dir_.path() / "backup.crt");
  const auto stranger = pin_of(dir_.path() / "new/broker.crt");
  pinset({"new", "--version", "1", "--pin", service, "--pin", pin_a_, "--revoke", backup, "--root",
          root, "-o", "s"});
  pinset({"check", "--cert", "broker.crt", "--set", "s"});
  const auto unknown = pinset_fails({"check", "--cert", "new/broker.crt", "--set", "s"}, 3);
  for (const std::string& pin : {stranger, service, pin_a_}) EXPECT_TRUE(unknown.says(pin));
  const auto revoked = pinset_fails({"check", "--cert", "backup.crt", "--set", "s"}, 3);
  EXPECT_TRUE(revoked.says("revokes")) << revoked.err;
  EXPECT_TRUE(revoked.says(backup)) << revoked.err;
  pinset_fails({"check", "--cert", "s", "--set", "s"});
}

TEST_F(PinsetTest, ShowTellsInPlainWordsWhatIsMissing) {
  const auto one = make_root("1");
  const auto two = make_root("2");
  pinset({"new", "--version", "3", "--pin", pin_a_, "--pin", pin_b_, "--candidate", pin_c_,
          "--root", one, "--root", two, "--threshold", "2", "--expires", "2099-01-31", "-o", "s"});
  sign("1", "s");
  const auto shown = pinset({"show", "s"}).out;
  for (const std::string& part :
       {std::string("version 3"), pin_a_, pin_b_, pin_c_, one, two, std::string("2099-01-31"),
        std::string("MISSING    the pins: signed by 1 of the 2")}) {
    EXPECT_NE(shown.find(part), std::string::npos) << part << " in\n" << shown;
  }
}

}  // namespace
}  // namespace holdfast::test
