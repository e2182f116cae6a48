// Does the walk from a leaf end at an authority of ca_file, by valid signatures, and only there?

#include "channel/ca_path.hpp"

#include <gtest/gtest.h>

#include <array>
#include <ctime>
#include <deque>
#include <string>

#include <holdfast/error.hpp>

#include "channel/key_reader.hpp"
#include "channel/pem.hpp"
#include "support/keys.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::channel {
namespace {

using test::Authority;
using test::CertificateOptions;
using test::Identity;
using test::KeyType;
using Chain = std::vector<std::vector<std::uint8_t>>;

Chain chain_of(std::initializer_list<std::filesystem::path> files) {
  Chain chain;
  for (const auto& file : files) {
    for (auto& der : read_pem_certificates(*read_text_file(file))) chain.push_back(std::move(der));
  }
  return chain;
}

class CaPathTest : public testing::Test {
 protected:
  // Keeps what the path is a view of.
  CaPath walk(const Chain& sent, const std::filesystem::path& ca_file,
              std::int64_t now = std::time(nullptr)) {
    const Chain& kept = chains.emplace_back(sent);
    const std::vector<Certificate::Bytes> views(kept.begin(), kept.end());
    return find_ca_path(views, *files.emplace_back(Authorities::load(ca_file)), now);
  }

  std::deque<Chain> chains;
  std::deque<std::shared_ptr<const Authorities>> files;
  test::TempDir dir;
  Authority root = test::make_authority(dir, KeyType::p256, "root");
  Authority between = test::make_intermediate(dir, root, KeyType::p256, "between");
  Identity leaf = test::issue(dir, between, KeyType::p256, "localhost");
};

TEST_F(CaPathTest, LeadsFromTheLeafOverAnIntermediateToTheRoot) {
  const CaPath path = walk(chain_of({leaf.cert_file}), root.cert_file);
  EXPECT_EQ(path.refusal, "");
  ASSERT_EQ(path.certificates.size(), 3U);
  const std::array pins{leaf.pin, between.pin, root.pin};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto pin = read_pin(path.certificates[i].der);
    ASSERT_TRUE(pin);
    EXPECT_EQ(pin->text(), pins[i]);
  }
}

TEST_F(CaPathTest, EndsAtAnIntermediateThatIsInTheFile) {
  const CaPath path = walk(chain_of({leaf.cert_file}), between.cert_file);
  EXPECT_EQ(path.refusal, "");
  EXPECT_EQ(path.certificates.size(), 2U);
}

TEST_F(CaPathTest, NeedsNoOrderAndIgnoresStrangers) {
  const Authority stranger = test::make_authority(dir, KeyType::p256, "stranger");
  const Chain chain = chain_of({leaf.cert_file});
  const Chain shuffled{chain[0], chain_of({stranger.cert_file})[0], chain_of({root.cert_file})[0],
                       chain[1]};
  const CaPath path = walk(shuffled, root.cert_file);
  EXPECT_EQ(path.refusal, "");
  EXPECT_EQ(path.certificates.size(), 3U) << "the stranger is not on the path";
}

TEST_F(CaPathTest, HasAGapWithoutTheIntermediate) {
  const Chain chain = chain_of({leaf.cert_file});
  const CaPath path = walk({chain[0]}, root.cert_file);
  EXPECT_TRUE(path.certificates.empty());
  EXPECT_NE(path.refusal.find("localhost"), std::string::npos) << path.refusal;
  EXPECT_NE(path.refusal.find(root.cert_file.string()), std::string::npos) << path.refusal;
}

TEST_F(CaPathTest, Attack02_UnknownAuthority) {
  const Authority other = test::make_authority(dir, KeyType::p256, "other");
  const CaPath path = walk(chain_of({leaf.cert_file}), other.cert_file);
  EXPECT_TRUE(path.certificates.empty());
  EXPECT_NE(path.refusal.find("ca_file"), std::string::npos) << path.refusal;
}

TEST_F(CaPathTest, Attack04_CloneOfTheAuthority) {
  const Authority clone = test::make_authority(dir, KeyType::p256, "root");
  const Identity forged = test::issue(dir, clone, KeyType::p256, "localhost");
  for (const Chain& chain :
       {chain_of({forged.cert_file}), chain_of({forged.cert_file, clone.cert_file}),
        chain_of({forged.cert_file, clone.cert_file, root.cert_file})}) {
    const CaPath path = walk(chain, root.cert_file);
    EXPECT_TRUE(path.certificates.empty());
    EXPECT_NE(path.refusal.find("was not signed by the key"), std::string::npos) << path.refusal;
  }
  EXPECT_EQ(walk(chain_of({forged.cert_file}), clone.cert_file).refusal, "");
}

TEST_F(CaPathTest, ALeafIsNoAuthority) {
  const Identity issuer = test::issue(dir, root, KeyType::p256, "issuer");
  const Authority wrong{issuer.key_file, issuer.cert_file, issuer.pin, issuer.cert_file};
  const Identity below = test::issue(dir, wrong, KeyType::p256, "localhost");
  const CaPath path = walk(chain_of({below.cert_file}), root.cert_file);
  EXPECT_TRUE(path.certificates.empty());
  EXPECT_NE(path.refusal.find("\"issuer\" is not one of an authority"), std::string::npos)
      << path.refusal;
}

TEST_F(CaPathTest, IsBoundedInLength) {
  Authority last = root;
  for (std::size_t i = 0; i + 2 < kMaxPathLength; ++i) {
    last = test::make_intermediate(dir, last, KeyType::p256, "level" + std::to_string(i));
  }
  const Identity fits = test::issue(dir, last, KeyType::p256, "localhost");
  EXPECT_EQ(walk(chain_of({fits.cert_file}), root.cert_file).refusal, "");
  last = test::make_intermediate(dir, last, KeyType::p256, "one too many");
  const Identity deep = test::issue(dir, last, KeyType::p256, "localhost");
  EXPECT_NE(walk(chain_of({deep.cert_file}), root.cert_file).refusal, "");
}

TEST_F(CaPathTest, IsBoundedInWork) {
  Chain chain{chain_of({leaf.cert_file})[0]};
  for (int i = 0; i < kMaxSignatureChecks + 2; ++i) {
    chain.push_back(chain_of({test::make_authority(dir, KeyType::p256, "between").cert_file})[0]);
  }
  chain.push_back(chain_of({between.cert_file})[0]);  // the right one, behind too many clones
  EXPECT_TRUE(walk(chain, root.cert_file).certificates.empty());
}

class Attack10Dates : public CaPathTest {};

TEST_F(Attack10Dates, NameTheCertificateTheDateAndTheClock) {
  const Identity expired = test::issue(dir, root, KeyType::p256, "localhost",
                                       {.validity = CertificateOptions::Validity::kExpired});
  const std::string late = walk(chain_of({expired.cert_file}), root.cert_file).refusal;
  for (const char* part : {"localhost", "notAfter", "clock says"}) {
    EXPECT_NE(late.find(part), std::string::npos) << late;
  }
  const Identity future = test::issue(dir, root, KeyType::p256, "localhost",
                                      {.validity = CertificateOptions::Validity::kNotYetValid});
  const std::string early = walk(chain_of({future.cert_file}), root.cert_file).refusal;
  EXPECT_NE(early.find("notBefore"), std::string::npos) << early;
}

TEST_F(Attack10Dates, OfAnIntermediateCount) {
  const Authority old = test::make_intermediate(
      dir, root, KeyType::p256, "old", {.validity = CertificateOptions::Validity::kExpired});
  const Identity below = test::issue(dir, old, KeyType::p256, "localhost");
  const std::string why = walk(chain_of({below.cert_file}), root.cert_file).refusal;
  EXPECT_NE(why.find("\"old\" was valid until"), std::string::npos) << why;
}

TEST_F(Attack10Dates, OfTheAuthorityCount) {
  const Authority old = test::make_authority(dir, KeyType::p256, "old root",
                                             {.validity = CertificateOptions::Validity::kExpired});
  const Identity below = test::issue(dir, old, KeyType::p256, "localhost");
  const std::string why = walk(chain_of({below.cert_file}), old.cert_file).refusal;
  EXPECT_NE(why.find("\"old root\" was valid until"), std::string::npos) << why;
}

TEST_F(Attack10Dates, AreReadIn1970AndIn2106) {
  const Chain chain = chain_of({leaf.cert_file});
  const std::string early = walk(chain, root.cert_file, 60).refusal;
  EXPECT_NE(early.find("notBefore"), std::string::npos) << early;
  EXPECT_NE(early.find("clock says 1970-01-01T00:01:00Z"), std::string::npos) << early;
  const std::string late = walk(chain, root.cert_file, 4'294'967'296).refusal;
  EXPECT_NE(late.find("notAfter"), std::string::npos) << late;
  EXPECT_NE(late.find("clock says 2106-02-07T06:28:16Z"), std::string::npos) << late;
}

class KeyTypes : public CaPathTest, public testing::WithParamInterface<KeyType> {};

TEST_P(KeyTypes, CanSign) {
  const Authority authority = test::make_authority(dir, GetParam(), "root");
  const Identity below = test::issue(dir, authority, GetParam(), "localhost");
  const CaPath path = walk(chain_of({below.cert_file}), authority.cert_file);
  EXPECT_EQ(path.refusal, "");
  ASSERT_EQ(path.certificates.size(), 2U);
  EXPECT_EQ(read_pin(path.certificates[0].der)->text(), below.pin);
  EXPECT_EQ(read_pin(path.certificates[1].der)->text(), authority.pin);
}

INSTANTIATE_TEST_SUITE_P(All, KeyTypes,
                         testing::Values(KeyType::p256, KeyType::p384, KeyType::rsa2048,
                                         KeyType::ed25519),
                         [](const auto& instance) { return test::name_of(instance.param); });

TEST_F(CaPathTest, AFlippedByteNeverLeadsAnywhere) {
  const Chain good = chain_of({leaf.cert_file});
  for (std::size_t at = 0; at < good[0].size(); at += 3) {
    Chain bad = good;
    bad[0][at] ^= 0x04;
    EXPECT_TRUE(walk(bad, root.cert_file).certificates.empty()) << "byte " << at;
  }
}

TEST_F(CaPathTest, ATruncatedOrLengthenedCertificateIsNotRead) {
  auto der = chain_of({leaf.cert_file})[0];
  EXPECT_TRUE(parse_certificate(der));
  for (std::size_t length = 0; length < der.size(); ++length) {
    EXPECT_FALSE(parse_certificate(Certificate::Bytes(der).first(length))) << length;
  }
  der.push_back(0);
  EXPECT_FALSE(parse_certificate(der));
}

TEST_F(CaPathTest, ReadsWhatOpensslWrote) {
  const Identity named =
      test::issue(dir, root, KeyType::p256, "a name",
                  {.alt_names = {"DNS:one.example", "DNS:*.two.example", "IP:192.0.2.7", "IP:::1",
                                 "email:a@b.example", "URI:mqtts://three.example"}});
  const Chain chain = chain_of({named.cert_file});
  const auto certificate = parse_certificate(chain[0]);
  ASSERT_TRUE(certificate);
  EXPECT_EQ(certificate->subject_text(), "\"a name\"");
  EXPECT_EQ(certificate->dns_names, (std::vector<std::string>{"one.example", "*.two.example"}));
  EXPECT_EQ(certificate->addresses.size(), 2U);
  EXPECT_FALSE(certificate->is_authority);
  EXPECT_LT(certificate->not_before, std::time(nullptr));
  EXPECT_GT(certificate->not_after, std::time(nullptr));
}

TEST_F(CaPathTest, AFileWithoutAnAuthorityIsRefusedByName) {
  const auto refused = [](const std::filesystem::path& file) {
    try {
      Authorities::load(file);
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.field(), "ca_file");
      EXPECT_EQ(error.value(), file.string());
      return error.mend();
    }
    return std::string();
  };
  EXPECT_NE(refused(dir.path() / "missing").find("cannot be read"), std::string::npos);
  EXPECT_NE(refused(dir.path()).find("cannot be read"), std::string::npos) << "a directory";
  EXPECT_NE(refused(dir.write("empty.pem", "")).find("no certificate"), std::string::npos);
  EXPECT_NE(refused(root.key_file).find("no certificate"), std::string::npos);
  EXPECT_NE(refused(leaf.key_file).find("no certificate"), std::string::npos);
  const Identity lone = test::self_signed(dir, KeyType::p256, "localhost");
  EXPECT_NE(refused(lone.cert_file).find("authority"), std::string::npos);
}

TEST_F(CaPathTest, AFileWithMoreThanAuthoritiesIsWarnedOf) {
  const Identity lone = test::self_signed(dir, KeyType::p256, "localhost");
  const auto both =
      dir.write("both.pem", *read_text_file(lone.cert_file) + *read_text_file(root.cert_file));
  const auto authorities = Authorities::load(both);
  EXPECT_EQ(authorities->certificates().size(), 1U);
  EXPECT_NE(authorities->warning().find("1 of its certificates"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::channel
