// Does `holdfast doctor` find out whether a broker takes a TLS session up again, and what that
// means in bytes?

#include <string_view>

#include "cli/doctor_fixture.hpp"
#include "support/hostile_tls_server.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

class DoctorResumptionTest : public DoctorTest {
 protected:
  // The settings of OpenSSL that all of its programs on a host may be given.
  std::pair<std::string, std::string> openssl_setting(const std::string& line) {
    const auto file = dir_.write("openssl.cnf",
                                 "openssl_conf = init\n[init]\nssl_conf = ssl\n"
                                 "[ssl]\nsystem_default = all\n[all]\n" +
                                     line + "\n");
    return {"OPENSSL_CONF", file.string()};
  }
  static int figure(const Visit& visit, const char* connection, const char* what) {
    return visit.step("resumption").at(connection).at(what).get<int>();
  }
};

TEST_F(DoctorResumptionTest, TellsWhatAReconnectionTakesInsteadOfAFirstConnection) {
  const auto broker = make_broker();
  const Visit visit = visit_port(broker->tls_port());
  EXPECT_EQ(visit.status, 0) << visit.err;
  EXPECT_EQ(visit.finding("resumption"), "good") << visit.text("resumption");
  EXPECT_EQ(visit.step("resumption").at("offered"), true);
  EXPECT_EQ(visit.step("resumption").at("resumed"), true);
  // mosquitto sends two tickets after a full handshake, and one after a resumed one.
  EXPECT_GT(figure(visit, "reconnection", "ticket_bytes"), 100);
  EXPECT_GT(figure(visit, "full", "ticket_bytes"), figure(visit, "reconnection", "ticket_bytes"));
  EXPECT_LT(figure(visit, "reconnection", "tls_bytes"), figure(visit, "full", "tls_bytes") - 100);
  EXPECT_LT(figure(visit, "reconnection", "ip_bytes"), figure(visit, "full", "ip_bytes") - 300);
  EXPECT_EQ(figure(visit, "full", "ticket_bytes"), visit.step("tickets").at("tls_bytes"));
  EXPECT_EQ(visit.step("tickets").at("lifetime_s"), 7'200);
  EXPECT_TRUE(visit.says("resumption", std::to_string(figure(visit, "reconnection", "ip_bytes"))));
  EXPECT_TRUE(visit.says("resumption", std::to_string(figure(visit, "full", "ip_bytes"))));
  // It is more than the set-up: that connection has an end as well.
  EXPECT_GT(visit.step("resumption").at("bytes"), figure(visit, "reconnection", "ip_bytes"));
  EXPECT_EQ(count_in_log(*broker, "as holdfast-"), 1U) << "the second connection needs no login";
}

TEST_F(DoctorResumptionTest, ABrokerWithoutTicketsIsARemark) {
  const auto broker = make_broker({.environment = {openssl_setting("NumTickets = 0")}});
  const Visit visit = visit_port(broker->tls_port());
  EXPECT_EQ(visit.status, 0) << visit.err;
  EXPECT_EQ(visit.json.at("result"), "good");
  EXPECT_TRUE(visit.says("tickets", "none came")) << visit.text("tickets");
  EXPECT_EQ(visit.step("tickets").at("tls_bytes"), 0);
  EXPECT_EQ(visit.finding("resumption"), "costs") << visit.text("resumption");
  EXPECT_TRUE(visit.says("resumption", "NumTickets = 0")) << visit.text("resumption");
  EXPECT_EQ(visit.step("resumption").at("resumed"), false);
  EXPECT_TRUE(visit.step("resumption").at("reconnection").is_null());
  EXPECT_TRUE(visit.says("resumption", std::to_string(figure(visit, "full", "ip_bytes"))));
}

// Sessions that the server remembers, instead of sealing them into tickets.
TEST_F(DoctorResumptionTest, ABrokerThatKeepsItsSessionsResumesThem) {
  const auto broker = make_broker({.environment = {openssl_setting("Options = -SessionTicket")}});
  const Visit visit = visit_port(broker->tls_port());
  EXPECT_EQ(visit.finding("resumption"), "good") << visit.text("resumption");
  EXPECT_EQ(visit.step("resumption").at("resumed"), true);
}

// Three of one key, each with ticket keys of its own: no two connections meet the same one.
TEST_F(DoctorResumptionTest, ATicketThatTheNextMachineRefusesIsARemark) {
  const auto one = make_broker();
  const auto two = make_broker();
  const auto three = make_broker();
  TcpProxy balancer(one->tls_port());
  balancer.set_targets({one->tls_port(), two->tls_port(), three->tls_port()});
  const Visit visit = visit_port(balancer.port());
  EXPECT_EQ(visit.status, 0) << visit.err;
  EXPECT_EQ(visit.finding("resumption"), "costs") << visit.text("resumption");
  EXPECT_EQ(visit.step("resumption").at("offered"), true);
  EXPECT_EQ(visit.step("resumption").at("resumed"), false);
  EXPECT_TRUE(visit.says("resumption", "same ticket keys")) << visit.text("resumption");
  // The ticket was sent in vain.
  EXPECT_GT(figure(visit, "reconnection", "tls_bytes"), figure(visit, "full", "tls_bytes") + 100);
  EXPECT_EQ(visit.finding("publish"), "good") << "the first connection goes on";
}

// The first connection and the look at the certificate meet the broker, the third one a stranger.
TEST_F(DoctorResumptionTest, AnotherKeyOnTheSecondConnectionIsNoRemark) {
  const auto broker = make_broker();
  const auto stranger = make_broker({.tls = self_signed(dir_, KeyType::p256, "localhost")});
  TcpProxy balancer(broker->tls_port());
  balancer.set_targets({broker->tls_port(), broker->tls_port(), stranger->tls_port()});
  const Visit visit = visit_port(balancer.port());
  expect_failed(visit, "resumption", 3);
  EXPECT_EQ(count_in_log(*broker, "as holdfast-"), 0U);
}

// TlsPeer sends what some servers do: a ticket only with the first data (RFC 8446 section 4.6.1
// leaves the time open).
TEST_F(DoctorResumptionTest, ATicketThatComesWithTheFirstDataIsTriedAsWell) {
  using namespace std::string_view_literals;
  HostileTlsOptions options = correct_server(key_);
  options.script = [](TlsPeer& peer) {
    if (peer.receive().empty()) return;  // CONNECT
    // Two hours, no age to add, a nonce of one byte, a ticket of eight, no extensions.
    peer.send_message("\x04\0\0\x16\0\0\x1c\x20\0\0\0\0\x01n\0\x08ticket-1\0\0"sv);
    peer.send("\x20\x03\0\0\0"sv);        // CONNACK of MQTT 5
    if (peer.receive().empty()) return;   // PUBLISH and PINGREQ
    peer.send("\x40\x02\0\x01\xd0\0"sv);  // PUBACK and PINGRESP
    peer.receive();
  };
  const HostileTlsServer server(std::move(options));
  const Visit visit = visit_port(server.port());
  EXPECT_EQ(visit.status, 0) << visit.json.dump(1);
  EXPECT_TRUE(visit.says("tickets", "none came")) << visit.text("tickets");
  EXPECT_EQ(visit.step("resumption").at("offered"), true) << visit.json.dump(1);
  EXPECT_EQ(visit.step("resumption").at("resumed"), false) << "this server knows no PSK";
}

}  // namespace
}  // namespace holdfast::test
