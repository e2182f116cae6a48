#include "pinning/spki.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "support/keys.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::pinning {
namespace {

using Der = std::vector<std::uint8_t>;
using test::KeyType;

Der read_der(const std::filesystem::path& file) {
  const std::string text = test::read_file(file);
  return {text.begin(), text.end()};
}

void run_openssl(const std::string& script, const std::filesystem::path& in,
                 const std::filesystem::path& out) {
  const auto result =
      test::run({"sh", "-c", script, in.string(), out.string()}, std::chrono::seconds(30));
  if (result.status != 0) throw std::runtime_error(result.output);
}

struct Sample {
  Der certificate;
  Der spki;  // what openssl says
};

Sample make_sample(KeyType type) {
  const test::TempDir dir;
  const auto identity = test::self_signed(dir, type, "broker.test");
  const auto certificate = dir.path() / "certificate.der";
  const auto spki = dir.path() / "spki.der";
  run_openssl("openssl x509 -in \"$0\" -outform der -out \"$1\"", identity.cert_file, certificate);
  run_openssl(
      "openssl x509 -in \"$0\" -noout -pubkey | openssl pkey -pubin -outform der -out \"$1\"",
      identity.cert_file, spki);
  return {read_der(certificate), read_der(spki)};
}

const Sample& p256() {
  static const Sample sample = make_sample(KeyType::p256);
  return sample;
}

// --- A certificate put together by hand, so that each part of it can be wrong -------------------

Der element(std::uint8_t tag, const Der& content) {
  const auto size = content.size();
  Der der{tag};
  if (size >= 0x80) der.push_back(size < 0x100 ? 0x81 : 0x82);
  if (size >= 0x100) der.push_back(static_cast<std::uint8_t>(size >> 8));
  der.push_back(static_cast<std::uint8_t>(size & 0xFF));
  der.insert(der.end(), content.begin(), content.end());
  return der;
}

Der sequence(const std::vector<Der>& parts) {
  Der content;
  for (const Der& part : parts) content.insert(content.end(), part.begin(), part.end());
  return element(0x30, content);
}

const Der kVersion{0xA0, 0x03, 0x02, 0x01, 0x02};
const Der kSerial{0x02, 0x01, 0x05};
const Der kAny{0x30, 0x02, 0x05, 0x00};
const Der kKey{0x03, 0x03, 0x00, 0x11, 0x22};

struct Parts {
  std::vector<Der> before_spki{kVersion, kSerial, kAny, kAny, kAny, kAny};
  Der spki = sequence({kAny, kKey});
  std::vector<Der> behind_tbs{kAny, {0x03, 0x02, 0x00, 0x77}};
};

Der certificate(const Parts& parts) {
  auto tbs = parts.before_spki;
  tbs.push_back(parts.spki);
  std::vector<Der> all{sequence(tbs)};
  all.insert(all.end(), parts.behind_tbs.begin(), parts.behind_tbs.end());
  return sequence(all);
}

bool finds(const Der& der) {
  return find_spki(der).has_value();
}

class SpkiOf : public testing::TestWithParam<KeyType> {};

TEST_P(SpkiOf, EqualsWhatOpensslPrints) {
  const Sample sample = make_sample(GetParam());
  const auto spki = find_spki(sample.certificate);
  ASSERT_TRUE(spki);
  EXPECT_EQ(Der(spki->begin(), spki->end()), sample.spki);
  EXPECT_GE(spki->data(), sample.certificate.data()) << "a view, and not a copy";
}

std::string name_of_type(const testing::TestParamInfo<KeyType>& type) {
  return test::name_of(type.param);
}

INSTANTIATE_TEST_SUITE_P(KeyTypes, SpkiOf,
                         testing::Values(KeyType::rsa2048, KeyType::p256, KeyType::p384,
                                         KeyType::ed25519),
                         name_of_type);

TEST(Spki, RefusesACertificateCutOffAtAnyByte) {
  for (std::size_t size = 0; size < p256().certificate.size(); ++size) {
    const Der cut(p256().certificate.begin(),
                  p256().certificate.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_FALSE(finds(cut)) << "the first " << size << " bytes";
  }
}

TEST(Spki, RefusesTrailingBytes) {
  Der der = p256().certificate;
  der.push_back(0);
  EXPECT_FALSE(finds(der));
  der = p256().certificate;
  der.insert(der.end(), p256().certificate.begin(), p256().certificate.end());
  EXPECT_FALSE(finds(der)) << "two certificates in a row are not one";
}

TEST(Spki, NeverReadsOutsideOfACertificateWithOneByteChanged) {
  // What is found may differ; under AddressSanitizer this proves that nothing outside is read.
  for (std::size_t at = 0; at < p256().certificate.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      Der der = p256().certificate;
      der[at] = static_cast<std::uint8_t>(der[at] ^ flip);
      if (const auto spki = find_spki(der)) {
        ASSERT_GE(spki->data(), der.data());
        ASSERT_LE(spki->data() + spki->size(), der.data() + der.size());
      }
    }
  }
}

TEST(SpkiOfHandMade, IsFoundWhereEverythingIsInOrder) {
  const Parts parts;
  const Der der = certificate(parts);
  const auto spki = find_spki(der);
  ASSERT_TRUE(spki);
  EXPECT_EQ(Der(spki->begin(), spki->end()), parts.spki);
}

TEST(SpkiOfHandMade, IsFoundInACertificateOfVersionOne) {
  Parts parts;
  parts.before_spki.erase(parts.before_spki.begin());
  EXPECT_TRUE(finds(certificate(parts)));
}

TEST(SpkiOfHandMade, RefusesALongFormLengthThatCouldBeShort) {
  Parts parts;
  parts.before_spki[1] = {0x02, 0x81, 0x01, 0x05};
  EXPECT_FALSE(finds(certificate(parts)));
  parts.before_spki[1] = {0x02, 0x82, 0x00, 0x01, 0x05};
  EXPECT_FALSE(finds(certificate(parts)));
}

TEST(SpkiOfHandMade, RefusesALengthWithALeadingZero) {
  Parts parts;
  Der name(200, 0x55);
  Der element_of_200{0x30, 0x81, 200};
  element_of_200.insert(element_of_200.end(), name.begin(), name.end());
  parts.before_spki[3] = element_of_200;
  EXPECT_TRUE(finds(certificate(parts))) << "the twin: this is the shortest form";
  Der longer{0x30, 0x82, 0x00, 200};
  longer.insert(longer.end(), name.begin(), name.end());
  parts.before_spki[3] = longer;
  EXPECT_FALSE(finds(certificate(parts)));
}

TEST(SpkiOfHandMade, RefusesAnIndefiniteLength) {
  Parts parts;
  parts.before_spki[2] = {0x30, 0x80, 0x05, 0x00, 0x00, 0x00};
  EXPECT_FALSE(finds(certificate(parts)));
  Der outer = certificate(Parts{});
  outer[1] = 0x80;
  EXPECT_FALSE(finds(outer));
}

TEST(SpkiOfHandMade, RefusesLengthsBeyondTheirParent) {
  Der der = certificate(Parts{});
  der[3] = 0x7F;  // the tbsCertificate
  EXPECT_FALSE(finds(der));
  Parts parts;
  parts.spki = {0x30, 0x7F, 0x30, 0x00};
  EXPECT_FALSE(finds(certificate(parts)));
  parts.spki = {0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF};
  EXPECT_FALSE(finds(certificate(parts)));
}

TEST(SpkiOfHandMade, RefusesAKeyWithSomethingBehindIt) {
  Parts parts;
  parts.spki = sequence({kAny, kKey, kKey});
  EXPECT_FALSE(finds(certificate(parts)));
}

TEST(SpkiOfHandMade, RefusesAKeyThatIsNotAlgorithmAndBitString) {
  for (const Der& spki : {sequence({}), sequence({kAny}), sequence({kKey}), sequence({kKey, kAny}),
                          sequence({kAny, kAny}), element(0x31, {0x30, 0x00, 0x03, 0x00}), Der{}}) {
    Parts parts;
    parts.spki = spki;
    EXPECT_FALSE(finds(certificate(parts)));
  }
}

TEST(SpkiOfHandMade, RefusesAMissingOrForeignFieldBeforeTheKey) {
  for (std::size_t i = 1; i < Parts{}.before_spki.size(); ++i) {
    Parts missing;
    missing.before_spki.erase(missing.before_spki.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(finds(certificate(missing))) << "without field " << i;
    Parts foreign;
    foreign.before_spki[i] = {0x04, 0x01, 0x00};
    EXPECT_FALSE(finds(certificate(foreign))) << "foreign field " << i;
  }
}

TEST(SpkiOfHandMade, RefusesTagsOfSeveralBytes) {
  Parts parts;
  parts.before_spki[2] = {0x3F, 0x81, 0x01, 0x00};
  EXPECT_FALSE(finds(certificate(parts)));
}

TEST(SpkiOfHandMade, RefusesDeepNestingWithoutAKey) {
  Der der{0x30, 0x00};
  for (int i = 0; i < 60; ++i) der = element(0x30, der);
  EXPECT_FALSE(finds(der));
  EXPECT_FALSE(finds(Der(4'096, 0x30)));
}

}  // namespace
}  // namespace holdfast::pinning
