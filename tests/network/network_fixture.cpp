#include "network/network_fixture.hpp"

#include "support/ports.hpp"

namespace holdfast::test {

void NetworkTest::SetUp() {
  if (!why_no_private_network().empty()) GTEST_SKIP() << why_no_private_network();
  port_ = unused_port();
  in_far_network([this] {
    // The fixture's broker listens on loopback; this listener is for whoever comes from outside.
    broker_ = make_broker({.tls_extra_lines = {"listener " + std::to_string(port_),
                                               "certfile " + key_.cert_file.string(),
                                               "keyfile " + key_.key_file.string()}});
    keeper_ = Process::spawn({"sleep", "3600"});
    far_ = keeper_->pid();
  });
  lay_cable();
}

void NetworkTest::lay_cable() {
  ip("link add uplink type veth peer name exchange");
  cable_ = true;
  ip("link set exchange netns " + std::to_string(far_));
  ip("addr add " + std::string(kBrokerAddress) + "/24 dev exchange", far_);
  ip("link set exchange up", far_);
  ip("link set uplink up");
}

void NetworkTest::TearDown() {
  if (cable_) ip("link del uplink");
  keeper_.reset();
  broker_.reset();
}

Options NetworkTest::patient_options() {
  Options options = options_for(port_);
  options.broker = "mqtts://" + std::string(kBrokerAddress) + ":" + std::to_string(port_);
  options.backoff = {.base = 24h, .cap = 24h, .stable_after = 1h};
  options.timeouts.response = 30min;
  return options;
}

}  // namespace holdfast::test
