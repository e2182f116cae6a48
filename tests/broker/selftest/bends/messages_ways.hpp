// Ways to bend what happens to messages: parts of packets are replaced, and what passed before is
// remembered over connections.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "selftest/bends/ways.hpp"

namespace holdfast::broker_test {

/// What all connections of a broker have seen, by name. Copies share it.
///
/// Threads: any.
class Memory {
 public:
  /// @return whether the name is new
  bool keep(const std::string& name, const Bytes& what = {});
  bool has(const std::string& name) const;
  /// Empty where there is nothing of that name.
  Bytes get(const std::string& name) const;
  void forget(const std::string& name);

 private:
  struct Store {
    std::mutex mutex;
    std::map<std::string, Bytes> kept;
  };
  std::shared_ptr<Store> store_ = std::make_shared<Store>();
};

/// Names for `Memory`: of an exchange of this client, and of this one connection.
std::string exchange_of_client(const Passage& passage, unsigned packet_id);
std::string exchange_of_passage(const Passage& passage, unsigned packet_id);

/// No check of identifiers goes so far: one with this bit is nobody's.
inline constexpr std::uint16_t kForeign = 0x4000;

using PublishChange = std::function<void(Publish&, const Passage&)>;
using AcknowledgementChange = std::function<void(Acknowledgement&, const Passage&)>;
using SubscriptionChange = std::function<void(Subscription&, const Passage&)>;
using PropertiesChange = std::function<void(Properties&)>;

/// What goes on in the place of a message, where it matters whose it is.
Bending republished_by(PublishChange change);
/// Messages that are dropped.
Bending without_those(std::function<bool(const Publish&)> which);
/// What goes on in the place of an acknowledgement of this type; its properties are left out.
Bending acknowledged_by(Type type, AcknowledgementChange change);
/// Each filter of a SUBSCRIBE.
Bending resubscribed(SubscriptionChange change);
/// The properties of CONNECT and of CONNACK.
Bending connected_with(PropertiesChange change);
Bending welcomed_with(PropertiesChange change);

/// The message is acknowledged, and goes where nobody has subscribed.
void lead_astray(Publish& publish);

}  // namespace holdfast::broker_test
