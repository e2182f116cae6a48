#include "testing/scripted_dialler.hpp"

#include <algorithm>
#include <utility>

#include "testing/device_environment.hpp"
#include "testing/scripted_broker.hpp"
#include "testing/scripted_link.hpp"

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;

// Worlds have one network.
constexpr std::uint64_t kNetwork = 1;

class ScriptedConnection final : public device::Connection {
 public:
  ScriptedConnection(WorldState& world, std::shared_ptr<Line> line, pinning::Pin key,
                     pinning::TrustedKeys::Match match)
      : world_(world), line_(std::move(line)), key_(key), match_(match) {}

  pinning::TrustedKeys::Match vouching() const override { return match_; }
  std::vector<pinning::Pin> proven_pins() const override { return {key_}; }
  bool resumed() const override { return false; }
  std::string address() const override { return line_->address(); }
  std::uint64_t network() const override { return kNetwork; }
  channel::ChannelBill bill() const override { return line_->bill().bill(); }
  void drop() override { line_->leave(); }

  std::shared_ptr<device::Link> log_in(mqtt_engine::Login login,
                                       device::LinkEvents events) override {
    auto link = std::make_shared<ScriptedLink>(world_, line_, std::move(login), std::move(events));
    link->start();
    return link;
  }

 private:
  WorldState& world_;
  std::shared_ptr<Line> line_;
  const pinning::Pin key_;
  const pinning::TrustedKeys::Match match_;
};

}  // namespace

ScriptedDialler::ScriptedDialler(DeviceEnvironment& environment, const Timeouts& timeouts,
                                 channel::BrokerUrl broker, Events events)
    : world_(environment.world()),
      timeouts_(timeouts),
      broker_(std::move(broker)),
      events_(std::move(events)) {}

ScriptedDialler::~ScriptedDialler() {
  cancel();
}

template <class Function>
void ScriptedDialler::after(Duration time, Function function) {
  world_.after(time, [this, attempt = std::weak_ptr(attempt_), function] {
    if (!attempt.expired()) function(*this);
  });
}

std::string ScriptedDialler::address() const {
  return broker_.host + ":" + std::to_string(broker_.port);
}

void ScriptedDialler::dial(pinning::SharedKeys keys, Handler handler) {
  cancel();
  attempt_ = std::make_shared<bool>(true);
  keys_ = std::move(keys);
  handler_ = std::move(handler);
  step_began_ = world_.now();
  syns_ = 0;
  after(0ms, [](ScriptedDialler& self) { self.knock(); });
}

void ScriptedDialler::cancel() {
  attempt_.reset();
  handler_ = nullptr;
  if (const auto line = std::exchange(line_, nullptr)) {
    line->leave();
    events_.bill(line->bill().bill());
  }
}

// SYNs after 0, 1, 3 and 7 seconds.
void ScriptedDialler::knock() {
  ++syns_;
  if (world_.link_is_up()) {
    after(2 * world_.way(), [](ScriptedDialler& self) { self.connected(); });
    return;
  }
  const Duration wait = std::chrono::seconds(1) * (1U << std::min<std::size_t>(syns_ - 1, 10));
  const Duration left = step_began_ + timeouts_.connect - world_.now();
  if (wait < left) {
    after(wait, [](ScriptedDialler& self) { self.knock(); });
    return;
  }
  after(left, [](ScriptedDialler& self) {
    LineBill bill;
    bill.unanswered(self.syns_);
    self.events_.bill(bill.bill());
    self.fail({Errc::timed_out, self.address() + " does not answer within " +
                                    std::to_string(self.timeouts_.connect.count()) + " ms"});
  });
}

void ScriptedDialler::connected() {
  if (!world_.link_is_up()) {
    knock();
    return;
  }
  ScriptedBroker& broker = world_.broker_at(broker_.host);
  if (!broker.listens()) {
    LineBill bill;
    bill.unanswered(syns_);
    bill.acknowledged_down();  // RST
    events_.bill(bill.bill());
    fail({Errc::connection_refused,
          "nothing listens on " + address() + "; check the port and whether the broker runs"});
    return;
  }
  line_ = std::make_shared<Line>(world_, broker, timeouts_.response, address());
  world_.add_line(line_);
  line_->bill().connected(syns_);
  step_began_ = world_.now();
  after(2 * world_.way(), [](ScriptedDialler& self) { self.shake_hands(); });
}

void ScriptedDialler::shake_hands() {
  if (world_.link_is_up() && !world_.broker_at(broker_.host).is_silent()) {
    judge();
    return;
  }
  if (world_.now() - step_began_ < timeouts_.handshake) {
    after(1s, [](ScriptedDialler& self) { self.shake_hands(); });
    return;
  }
  const auto line = std::exchange(line_, nullptr);
  line->leave();
  events_.bill(line->bill().bill());
  fail({Errc::timed_out, address() + ": the TLS handshake did not end within " +
                             std::to_string(timeouts_.handshake.count()) + " ms"});
}

void ScriptedDialler::judge() {
  const auto line = std::exchange(line_, nullptr);
  const pinning::Pin key = world_.broker_at(broker_.host).key().value_or(keys_->pins().front());
  const auto match = keys_->judge({key});
  line->bill().handshaken(match.has_value());
  if (!match) {
    line->leave();
    events_.bill(line->bill().bill());
    events_.refused_key(key);
    fail({Errc::identity_refused, "the broker proved the key " + key.text() +
                                      ", which is not pinned; the pins are " + keys_->text() +
                                      ". Either this is not your broker, or its key was replaced"});
    return;
  }
  attempt_.reset();
  const auto handler = std::exchange(handler_, nullptr);
  handler(std::make_shared<ScriptedConnection>(world_, line, key, *match), {});
}

void ScriptedDialler::fail(Failure why) {
  attempt_.reset();
  const auto handler = std::exchange(handler_, nullptr);
  handler(nullptr, std::move(why));
}

}  // namespace holdfast::testing
