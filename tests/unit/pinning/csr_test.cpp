// Is the key of a certification request found, and of nothing else?

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "pinning/spki.hpp"
#include "support/keys.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::pinning {
namespace {

using Der = std::vector<std::uint8_t>;
using test::KeyType;

struct Sample {
  Der request;
  Der spki;  // what openssl says
};

Der read_der(const std::filesystem::path& file) {
  const std::string text = test::read_file(file);
  return {text.begin(), text.end()};
}

Sample make_sample(KeyType type) {
  const test::TempDir dir;
  const auto identity = test::self_signed(dir, type, "broker.test");
  const auto made = test::run({"sh", "-c",
                               "openssl req -new -key \"$0\" -subj /CN=broker.test -outform der "
                               "-out \"$1/csr\" && openssl pkey -in \"$0\" -pubout -outform der "
                               "-out \"$1/spki\"",
                               identity.key_file.string(), dir.path().string()},
                              std::chrono::seconds(30));
  if (made.status != 0) throw std::runtime_error(made.output);
  return {read_der(dir.path() / "csr"), read_der(dir.path() / "spki")};
}

const Sample& p256() {
  static const Sample sample = make_sample(KeyType::p256);
  return sample;
}

bool finds(const Der& der) {
  return find_spki_in_request(der).has_value();
}

// --- A request put together by hand, so that each part of it can be wrong: all lengths are short
// --

Der element(std::uint8_t tag, const std::vector<Der>& parts) {
  Der der{tag, 0};
  for (const Der& part : parts) der.insert(der.end(), part.begin(), part.end());
  der[1] = static_cast<std::uint8_t>(der.size() - 2);
  return der;
}

const Der kAny{0x30, 0x02, 0x05, 0x00};
const Der kBits{0x03, 0x02, 0x00, 0x77};

struct Parts {
  std::vector<Der> info{{0x02, 0x01, 0x00}, kAny, element(0x30, {kAny, kBits}), {0xA0, 0x00}};
  std::vector<Der> behind{kAny, kBits};
};

Der request(const Parts& parts) {
  std::vector<Der> all{element(0x30, parts.info)};
  all.insert(all.end(), parts.behind.begin(), parts.behind.end());
  return element(0x30, all);
}

class CsrOf : public testing::TestWithParam<KeyType> {};

TEST_P(CsrOf, EqualsWhatOpensslPrints) {
  const Sample sample = make_sample(GetParam());
  const auto spki = find_spki_in_request(sample.request);
  ASSERT_TRUE(spki);
  EXPECT_EQ(Der(spki->begin(), spki->end()), sample.spki);
  EXPECT_TRUE(is_spki(*spki));
}

INSTANTIATE_TEST_SUITE_P(KeyTypes, CsrOf,
                         testing::Values(KeyType::rsa2048, KeyType::p256, KeyType::p384,
                                         KeyType::ed25519),
                         [](const auto& type) { return std::string(name_of(type.param)); });

TEST(Csr, RefusesARequestCutOffAtAnyByteAndTrailingOnes) {
  const Der& whole = p256().request;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ASSERT_FALSE(finds(Der(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))))
        << "the first " << size << " bytes";
  }
  Der longer = whole;
  longer.push_back(0);
  EXPECT_FALSE(finds(longer));
}

TEST(Csr, NeverReadsOutsideOfARequestWithOneByteChanged) {
  for (std::size_t at = 0; at < p256().request.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      Der der = p256().request;
      der[at] = static_cast<std::uint8_t>(der[at] ^ flip);
      if (const auto spki = find_spki_in_request(der)) {
        ASSERT_GE(spki->data(), der.data());
        ASSERT_LE(spki->data() + spki->size(), der.data() + der.size());
      }
    }
  }
}

TEST(Csr, IsFoundWhereEverythingIsInOrder) {
  Parts parts;
  EXPECT_TRUE(finds(request(parts)));
  parts.info.pop_back();
  EXPECT_TRUE(finds(request(parts))) << "without attributes";
}

TEST(Csr, RefusesAMissingOrForeignField) {
  for (std::size_t i = 0; i < 3; ++i) {
    Parts missing;
    missing.info.erase(missing.info.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(finds(request(missing))) << "without field " << i;
    Parts foreign;
    foreign.info[i] = {0x04, 0x01, 0x00};
    EXPECT_FALSE(finds(request(foreign))) << "foreign field " << i;
  }
  for (std::size_t i = 0; i < 2; ++i) {
    Parts missing;
    missing.behind.erase(missing.behind.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(finds(request(missing))) << "without part " << i << " behind the fields";
  }
}

TEST(Csr, RefusesAnotherVersionAndSurplusFields) {
  Parts version;
  version.info[0] = {0x02, 0x01, 0x01};
  EXPECT_FALSE(finds(request(version)));
  Parts surplus;
  surplus.info.push_back(kAny);
  EXPECT_FALSE(finds(request(surplus)));
  Parts behind;
  behind.behind.push_back(kAny);
  EXPECT_FALSE(finds(request(behind)));
}

TEST(Csr, IsNotACertificateNorTheOtherWayRound) {
  EXPECT_FALSE(find_spki(p256().request));
  EXPECT_FALSE(is_spki(p256().request));
}

TEST(IsSpki, RefusesTrailingBytesAndForeignOnes) {
  Der der = p256().spki;
  EXPECT_TRUE(is_spki(der));
  der.push_back(0);
  EXPECT_FALSE(is_spki(der));
  EXPECT_FALSE(is_spki({}));
}

}  // namespace
}  // namespace holdfast::pinning
