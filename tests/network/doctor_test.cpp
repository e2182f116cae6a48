// Does `holdfast doctor` ask for the broker's name as a device does, and try each of its addresses?

#include <memory>

#include "cli/doctor_fixture.hpp"
#include "network/dns_server.hpp"
#include "network/private_network.hpp"

namespace holdfast::test {
namespace {

class DoctorNameTest : public DoctorTest {
 protected:
  void SetUp() override {
    if (!why_no_private_network().empty()) GTEST_SKIP() << why_no_private_network();
    names_ = std::make_unique<DnsServer>("127.0.0.1");
  }
  Visit visit_name(std::uint16_t port) {
    return visit({"doctor", "--broker", "mqtts://broker.test:" + std::to_string(port), "--pin",
                  key_.pin, "--pin", backup_.pin});
  }
  std::unique_ptr<DnsServer> names_;
};

TEST_F(DoctorNameTest, TellsWhatTheLookupTakes) {
  const auto broker = make_broker();
  const Visit visit = visit_name(broker->tls_port());
  EXPECT_EQ(visit.status, 0) << visit.json.dump(1) << visit.err;
  EXPECT_EQ(names_->questions(), 1U) << "the second connection asks no more";
  EXPECT_TRUE(visit.says("name", "estimate")) << visit.text("name");
  // Two questions and their answers: IP, UDP, and DNS with a name of 11 bytes.
  EXPECT_GT(visit.step("name").at("bytes"), 200);
  EXPECT_LT(visit.step("name").at("bytes"), 800);
}

TEST_F(DoctorNameTest, TriesTheNextAddressAndTellsOfTheDeadOne) {
  const auto broker = make_broker({.tls_address = "127.0.0.2"});
  // The resolver puts the one that is nearer to our own first.
  names_->set_addresses({"127.0.0.2", "127.0.0.1"});
  const Visit visit = visit_name(broker->tls_port());
  EXPECT_EQ(visit.status, 0) << visit.json.dump(1) << visit.err;
  EXPECT_EQ(visit.finding("tcp"), "costs") << visit.text("tcp");
  EXPECT_TRUE(visit.says("tcp", "nothing listens on 127.0.0.1:")) << visit.text("tcp");
  EXPECT_EQ(visit.finding("publish"), "good");
}

TEST_F(DoctorNameTest, ThatNoAddressAnswersIsAFailure) {
  const auto broker = make_broker({.tls_address = "127.0.0.2"});
  names_->set_addresses({"127.0.0.1", "127.0.0.3"});
  const Visit visit = visit_name(broker->tls_port());
  expect_failed(visit, "tcp", 4);
  EXPECT_TRUE(visit.says("tcp", "127.0.0.1:")) << visit.text("tcp");
  EXPECT_TRUE(visit.says("tcp", "127.0.0.3:")) << visit.text("tcp");
}

}  // namespace
}  // namespace holdfast::test
