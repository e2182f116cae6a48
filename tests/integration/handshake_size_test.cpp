// How many bytes of TLS does a connection cost? The figures that the product promises, against
// mosquitto with the cheapest certificate to serve, a self-signed one with a P-256 key.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "channel/library_check.hpp"
#include "integration/device_fixture.hpp"
#include "integration/handshakes.hpp"

namespace holdfast::test {
namespace {

class HandshakeSizeTest : public DeviceTest {
 protected:
  channel::ChannelBill connect(const Mosquitto& broker, channel::TlsPolicy policy = {}) {
    const auto keys = std::make_shared<const pinning::TrustedKeys>(
        pinning::PinSet({key_.pin, backup_.pin}, PinCount::at_least_two));
    return shake_hands(broker.tls_port(), keys, std::move(policy), tickets_, kBound);
  }
  VirtualTickets tickets_;
  // Debian 13's wolfSSL (5.7.2, built with ECH) adds so much to every ClientHello, and has no call
  // that stops it.
  const std::uint64_t encrypted_hello_ =
      channel::library_facts().linked_version >= 0x05007000 ? 216 : 0;
};

// An ECDSA signature varies by a byte or three, and both the certificate and its proof have one.
TEST_F(HandshakeSizeTest, AFullOneHasAtMost960Bytes) {
  const auto broker = make_broker();
  const auto bill = connect(*broker);
  EXPECT_FALSE(bill.resumed);
  RecordProperty("bytes", static_cast<int>(bill.handshake_bytes));
  EXPECT_LE(bill.handshake_bytes, 960u + encrypted_hello_);
  EXPECT_GT(bill.handshake_bytes, 700u) << "that is no handshake with a certificate";
}

TEST_F(HandshakeSizeTest, AResumedOneHasAtMost720Bytes) {
  const auto broker = make_broker();
  connect(*broker);
  const auto bill = connect(*broker);
  EXPECT_TRUE(bill.resumed);
  RecordProperty("bytes", static_cast<int>(bill.handshake_bytes));
  EXPECT_LE(bill.handshake_bytes, 720u + encrypted_hello_);
  EXPECT_GT(bill.handshake_bytes, 400u);
}

// With 5.5.4's session identifier there and back it would be 64 bytes more.
TEST_F(HandshakeSizeTest, AResumedOneHasNoSessionIdentifier) {
  const auto broker = make_broker();
  connect(*broker);
  EXPECT_LE(connect(*broker).handshake_bytes, 670u + encrypted_hello_);
}

// mosquitto takes the strongest suite that it is offered, and longer hashes come with it.
TEST_F(HandshakeSizeTest, LongerKeysCostMoreAndAreOfferedOnRequestAlone) {
  const auto broker = make_broker();
  const auto cheapest = connect(*broker);
  channel::TlsPolicy policy;
  policy.suites = CipherSuites::any_length;
  tickets_ = VirtualTickets();
  EXPECT_GT(connect(*broker, policy).handshake_bytes, cheapest.handshake_bytes + 20);
}

TEST_F(HandshakeSizeTest, ABrokerThatInsistsOnLongerKeysIsReached) {
  const auto broker = make_broker({.tls_extra_lines = {"ciphers_tls1.3 TLS_AES_256_GCM_SHA384"}});
  Options options = options_for(broker->tls_port());
  options.cipher_suites = CipherSuites::any_length;
  WatchedDevice device(options);
  device->start();
  EXPECT_TRUE(device.wait_for(EventKind::connected));
}

TEST_F(HandshakeSizeTest, ABrokerThatAllowsShortTagsIsGivenThem) {
  // OpenSSL 3.5 refuses tags of 8 bytes from security level 1 on, and Debian's level is 2.
  const auto broker = make_broker(
      {.tls_extra_lines = {"ciphers_tls1.3 TLS_AES_128_CCM_8_SHA256:TLS_AES_128_GCM_SHA256",
                           "ciphers DEFAULT@SECLEVEL=0"}});
  // Two ECDSA signatures of one key differ by up to three bytes: the smallest of some handshakes is
  // the size to compare. What a client greases with differs by more, so it is the broker's side.
  const auto smallest = [&](CipherSuites suites) {
    channel::TlsPolicy policy;
    policy.suites = suites;
    std::uint64_t bytes = UINT64_MAX;
    for (int n = 0; n < 8; ++n) {
      tickets_ = VirtualTickets();
      const auto bill = connect(*broker, policy);
      bytes = std::min(bytes, std::uint64_t{bill.tls_bytes_down - bill.ticket_bytes_down});
    }
    return bytes;
  };
  EXPECT_LT(smallest(CipherSuites::short_tags), smallest(CipherSuites::cheapest));
}

TEST_F(HandshakeSizeTest, TicketsAreCountedApart) {
  const auto broker = make_broker();
  const auto full = connect(*broker);
  const auto resumed = connect(*broker);
  // mosquitto sends two after a full handshake and one after a resumed one.
  EXPECT_GT(full.ticket_bytes_down, 400u);
  EXPECT_GT(resumed.ticket_bytes_down, 200u);
  EXPECT_LT(resumed.ticket_bytes_down, full.ticket_bytes_down);
  EXPECT_EQ(full.tls_bytes_down + full.tls_bytes_up, full.handshake_bytes + full.ticket_bytes_down);
}

TEST_F(HandshakeSizeTest, WhatItCostsIsLearned) {
  const auto broker = make_broker();
  const auto full = connect(*broker);
  const auto resumed = connect(*broker);
  const resumption::Costs& costs = tickets_.store().peers().front().costs;
  EXPECT_EQ(costs.without, full.handshake_bytes + full.ticket_bytes_down);
  EXPECT_EQ(costs.with_ticket, resumed.handshake_bytes + resumed.ticket_bytes_down);
  EXPECT_LT(costs.with_ticket, costs.without);
}

}  // namespace
}  // namespace holdfast::test
