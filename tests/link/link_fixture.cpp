#include "link/link_fixture.hpp"

#include <utility>

namespace holdfast::test {

void LinkTest::SetUp() {
  if (const std::string why = link::why_no_links(); !why.empty()) GTEST_SKIP() << why;
  link_ = std::make_unique<link::Link>();
}

std::unique_ptr<Mosquitto> LinkTest::make_far_broker(MosquittoOptions options) {
  const link::Inside inside(link_->far_network());
  options.tls_address.clear();
  return make_broker(std::move(options));
}

std::unique_ptr<Subscriber> LinkTest::make_far_subscriber(const Mosquitto& broker,
                                                          const std::string& filter) {
  const link::Inside inside(link_->far_network());
  return std::make_unique<Subscriber>(
      SubscriberOptions{.port = broker.plain_port(), .filter = filter});
}

Options LinkTest::far_options(const Mosquitto& broker, std::string client_id) {
  Options options = options_for(broker.tls_port(), std::move(client_id));
  options.broker =
      std::string("mqtts://") + link::Link::kFar + ":" + std::to_string(broker.tls_port());
  return options;
}

link::Traffic LinkTest::bill_of(const Mosquitto& broker) {
  constexpr auto kQuiet = 2500ms;  // the kernel's own retransmissions come sooner
  const std::uint16_t port = broker.tls_port();
  link::Traffic bill;
  bool more = true;
  while (more) {
    bill = link_->traffic(port);
    more = link_->wait_for(
        [&](const link::Capture& capture) {
          return capture.of_port(port).ip_bytes() != bill.ip_bytes();
        },
        kQuiet);
  }
  return bill;
}

}  // namespace holdfast::test
