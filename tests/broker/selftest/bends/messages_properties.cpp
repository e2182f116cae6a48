// What travels with a message: properties, expiry, topic aliases.

#include <algorithm>

#include "selftest/bends/messages_ways.hpp"
#include "selftest/bends/rule.hpp"

namespace holdfast::broker_test {
namespace {

void sort_user_properties(Publish& publish) {
  auto users = publish.properties.users();
  std::sort(users.begin(), users.end());
  publish.properties.remove(Property::user_property);
  for (const auto& [name, value] : users) publish.properties.user(name, value);
}

void tell_the_whole_expiry(Publish& publish) {
  constexpr std::uint32_t kAsSent = 60;
  if (!publish.properties.has(Property::message_expiry)) return;
  publish.properties.remove(Property::message_expiry).number(Property::message_expiry, kAsSent);
}

// What an alias has meant once, it means for ever.
Bending keeps_the_first_alias() {
  return republished_by([known = Memory()](Publish& publish, const Passage& passage) mutable {
    const auto alias = publish.properties.number(Property::topic_alias);
    if (!alias || publish.topic.empty()) return;
    if (!known.keep(exchange_of_passage(passage, *alias))) publish.topic.clear();
  });
}

void with_an_alias(Publish& publish) {
  publish.properties.number(Property::topic_alias, 1);
}

// Alias 1 stands for every topic, where the client allows aliases.
Bend uses_one_alias_for_all() {
  Memory allowing;
  Memory used;
  const auto note = [allowing](const Packet& packet, Passage& passage) mutable {
    if (packet.type == Type::connect && passage.version == Version::v5) {
      Reader reader(packet.body);
      reader.take(10);
      const auto most = Properties::read(reader).number(Property::topic_alias_maximum);
      if (most.value_or(0) > 0) allowing.keep(exchange_of_passage(passage, 0));
    }
    return Packets{as_it_came(packet)};
  };
  const auto use = [allowing, used](Publish& publish, const Passage& passage) mutable {
    if (!allowing.has(exchange_of_passage(passage, 0))) return;
    with_an_alias(publish);
    if (!used.keep(exchange_of_passage(passage, 0))) publish.topic.clear();
  };
  return {.to_broker = note, .to_client = republished_by(use)};
}

}  // namespace

std::vector<BrokenRule> of_properties() {
  return {
      {.name = "DropsProperties",
       .fails = {"delivery.content_type", "delivery.message_expiry_told",
                 "delivery.request_response", "delivery.subscription_identifier",
                 "delivery.user_properties"},
       .bend = {.to_client = republished([](Publish& publish) { publish.properties = {}; })},
       .passes = {"delivery.qos1_down"}},
      {.name = "SortsUserProperties",
       .fails = {"delivery.user_properties"},
       .bend = {.to_client = republished(sort_user_properties)},
       .passes = {"delivery.content_type", "delivery.request_response"}},
      {.name = "IgnoresMessageExpiry",
       .fails = {"delivery.message_expired", "delivery.message_expiry_told"},
       .bend = {.to_broker = republished(
                    [](Publish& publish) { publish.properties.remove(Property::message_expiry); })},
       .passes = {"delivery.content_type"}},
      {.name = "TellsTheWholeExpiry",
       .fails = {"delivery.message_expiry_told"},
       .bend = {.to_client = republished(tell_the_whole_expiry)},
       .passes = {"delivery.content_type"}},
      {.name = "KeepsTheFirstAlias",
       .fails = {"delivery.topic_alias_up"},
       .bend = {.to_broker = keeps_the_first_alias()},
       .passes = {"delivery.topic_alias_down"}},
      {.name = "UsesAliasesThatNobodyAllowed",
       .fails = {"delivery.topic_alias_down"},
       .bend = {.to_client = republished(with_an_alias)},
       .passes = {"delivery.topic_alias_up"}},
      {.name = "UsesOneAliasForAll",
       .fails = {"delivery.topic_alias_down"},
       .bend = uses_one_alias_for_all(),
       .passes = {"delivery.qos1_down"}},
  };
}

}  // namespace holdfast::broker_test
