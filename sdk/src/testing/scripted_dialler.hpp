// The way to a broker of a world: TCP and the TLS handshake as a matter of time, and the verdict on
// the broker's key by the very keys that would judge a real one.
//
// Threads: the world's own.

#pragma once

#include <chrono>
#include <memory>

#include <holdfast/options.hpp>

#include "device/environment.hpp"
#include "testing/line.hpp"
#include "testing/world_state.hpp"

namespace holdfast::testing {

class DeviceEnvironment;

class ScriptedDialler final : public device::Dialler {
 public:
  ScriptedDialler(DeviceEnvironment& environment, const Timeouts& timeouts,
                  channel::BrokerUrl broker, Events events);
  ~ScriptedDialler() override;

  // Neither are acted out.
  void use_tickets(channel::Tickets& /*tickets*/) override {}
  void use_addresses(channel::Addresses& /*addresses*/) override {}
  void dial(pinning::SharedKeys keys, Handler handler) override;
  void cancel() override;

 private:
  template <class Function>
  void after(Duration time, Function function);
  std::string address() const;
  void knock();
  void connected();
  void shake_hands();
  void judge();
  void fail(Failure why);

  WorldState& world_;
  const Timeouts timeouts_;
  const channel::BrokerUrl broker_;
  const Events events_;
  // What was planned for an attempt that was cancelled may still come; the token tells them apart.
  std::shared_ptr<bool> attempt_;
  pinning::SharedKeys keys_;
  Handler handler_;
  std::shared_ptr<Line> line_;
  Instant step_began_{};
  std::size_t syns_ = 0;
};

}  // namespace holdfast::testing
