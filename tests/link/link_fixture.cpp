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

}  // namespace holdfast::test
