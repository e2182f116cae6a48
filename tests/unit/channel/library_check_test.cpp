// Is a wolfSSL whose verdict cannot be trusted kept from being used?

#include "channel/library_check.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>

#include "channel/trial_server.hpp"

namespace holdfast::channel {
namespace {

LibraryFacts good() {
  return {.header_version = 0x05005004,
          .linked_version = 0x05005004,
          .tls13 = true,
          .always_verify_callback = true,
          .openssl_extra = true,
          .ed25519 = true};
}

struct Case {
  const char* name;
  std::function<void(LibraryFacts&)> change;
  const char* refusal;  // empty: none
  const char* warning;
};

class JudgeLibrary : public testing::TestWithParam<Case> {};

TEST_P(JudgeLibrary, SaysWhatIsWrong) {
  const Case& param = GetParam();
  LibraryFacts facts = good();
  param.change(facts);
  const LibraryVerdict verdict = judge_library(facts);
  const auto expect = [](const std::vector<std::string>& said, const std::string& part) {
    if (part.empty()) {
      EXPECT_TRUE(said.empty()) << said.front();
    } else {
      ASSERT_EQ(said.size(), 1U);
      EXPECT_NE(said.front().find(part), std::string::npos) << said.front();
    }
  };
  expect(verdict.refusals, param.refusal);
  expect(verdict.warnings, param.warning);
}

INSTANTIATE_TEST_SUITE_P(
    Facts, JudgeLibrary,
    testing::Values(
        Case{"Good", [](LibraryFacts&) {}, "", ""},
        Case{"AnotherPatchRelease", [](auto& f) { f.linked_version = 0x05005007; }, "", ""},
        Case{"AnotherSeries", [](auto& f) { f.linked_version = 0x05007002; },
             "built with the headers of 5.5.4", ""},
        Case{"OlderSeriesThanTheHeaders", [](auto& f) { f.header_version = 0x05007002; },
             "5.5.4 is linked", ""},
        Case{"TooOld", [](auto& f) { f.header_version = f.linked_version = 0x05004000; },
             "nothing older than 5.5", ""},
        Case{"Newer", [](auto& f) { f.header_version = f.linked_version = 0x05008002; }, "",
             "newer than"},
        Case{"NoTls13", [](auto& f) { f.tls13 = false; }, "WOLFSSL_TLS13", ""},
        Case{"NoCallback", [](auto& f) { f.always_verify_callback = false; },
             "WOLFSSL_ALWAYS_VERIFY_CB", ""},
        Case{"NoOpensslExtra", [](auto& f) { f.openssl_extra = false; }, "OPENSSL_EXTRA", ""},
        Case{"NoEd25519", [](auto& f) { f.ed25519 = false; }, "", "Ed25519"}),
    [](const auto& instance) { return instance.param.name; });

TEST(LibraryCheck, TheLibraryThatIsLinkedIsGood) {
  EXPECT_TRUE(check_library().empty());
  EXPECT_TRUE(judge_library(library_facts()).refusals.empty());
}

TEST(LibraryCheck, TheProbePassesAndIsCheap) {
  std::string warning;
  EXPECT_EQ(probe_library(warning), "");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(probe_library(warning), "");
  const auto time = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(warning, "");
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  RecordProperty("microseconds", std::to_string(microseconds));
  std::printf("probe: %lld us\n", static_cast<long long>(microseconds));
  EXPECT_LT(time, std::chrono::seconds(2))
      << "far above the 50 ms that it may take, for sanitizers";
}

TEST(TrialServer, IsVerifiedWithItsOwnPinOnly) {
  const TlsContext context;
  for (const bool right : {true, false}) {
    TrialServer server(TrialServer::Demand::nothing);
    pinning::Pin pin = server.pin();
    if (!right) pin.digest[31] ^= 0x80;
    TlsSession client(
        context, "",
        std::make_shared<const pinning::TrustedKeys>(0, std::vector<pinning::Pin>{pin}));
    Failure failure;
    EXPECT_EQ(server.talk_to(client, failure),
              right ? TlsSession::Step::verified : TlsSession::Step::failed);
    EXPECT_EQ(server.content(), right);
    EXPECT_EQ(client.verified(), right);
  }
}

TEST(TrialServer, IsNotContentWithoutTheCertificateThatItDemands) {
  const TlsContext context;
  TrialServer server(TrialServer::Demand::client_certificate);
  TlsSession client(
      context, "",
      std::make_shared<const pinning::TrustedKeys>(0, std::vector<pinning::Pin>{server.pin()}));
  Failure failure;
  server.talk_to(client, failure);
  EXPECT_FALSE(server.content());
}

// A broker may ask for a client certificate without insisting.
TEST(TrialServer, IsContentWithoutTheCertificateThatItMerelyAsksFor) {
  const TlsContext context;
  TrialServer server(TrialServer::Demand::offered_certificate);
  TlsSession client(
      context, "",
      std::make_shared<const pinning::TrustedKeys>(0, std::vector<pinning::Pin>{server.pin()}));
  Failure failure;
  EXPECT_EQ(server.talk_to(client, failure), TlsSession::Step::verified) << failure.detail;
  EXPECT_TRUE(server.content());
}

}  // namespace
}  // namespace holdfast::channel
