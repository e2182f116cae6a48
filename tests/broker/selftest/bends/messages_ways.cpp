#include "selftest/bends/messages_ways.hpp"

#include <utility>

namespace holdfast::broker_test {
namespace {

// The properties behind so many bytes of a packet of this type; with MQTT 3.1.1 there are none.
Bending with_properties(Type type, std::size_t behind, PropertiesChange change) {
  return [type, behind, change = std::move(change)](const Packet& packet, Passage& passage) {
    if (packet.type != type || passage.version != Version::v5) return Packets{as_it_came(packet)};
    Reader reader(packet.body);
    const auto before = reader.take(behind);
    Bytes body(before.begin(), before.end());
    Properties properties = Properties::read(reader);
    change(properties);
    properties.append_to(body);
    const std::string rest = reader.rest();
    body.insert(body.end(), rest.begin(), rest.end());
    return Packets{encode_raw(packet.type, packet.flags, body)};
  };
}

}  // namespace

bool Memory::keep(const std::string& name, const Bytes& what) {
  const std::lock_guard lock(store_->mutex);
  return store_->kept.insert_or_assign(name, what).second;
}

bool Memory::has(const std::string& name) const {
  const std::lock_guard lock(store_->mutex);
  return store_->kept.contains(name);
}

Bytes Memory::get(const std::string& name) const {
  const std::lock_guard lock(store_->mutex);
  const auto found = store_->kept.find(name);
  return found == store_->kept.end() ? Bytes() : found->second;
}

void Memory::forget(const std::string& name) {
  const std::lock_guard lock(store_->mutex);
  store_->kept.erase(name);
}

std::string exchange_of_client(const Passage& passage, unsigned packet_id) {
  return passage.client_id + " " + std::to_string(packet_id);
}

std::string exchange_of_passage(const Passage& passage, unsigned packet_id) {
  return passage.client_id + " " + std::to_string(passage.number) + " " + std::to_string(packet_id);
}

Bending republished_by(PublishChange change) {
  return [change = std::move(change)](const Packet& packet, Passage& passage) {
    if (packet.type != Type::publish) return Packets{as_it_came(packet)};
    Publish publish = as_publish(packet, passage.version);
    change(publish, passage);
    return Packets{encode(publish, passage.version)};
  };
}

Bending without_those(std::function<bool(const Publish&)> which) {
  return [which = std::move(which)](const Packet& packet, Passage& passage) {
    const bool dropped = packet.type == Type::publish && which(as_publish(packet, passage.version));
    return dropped ? Packets{} : Packets{as_it_came(packet)};
  };
}

Bending acknowledged_by(Type type, AcknowledgementChange change) {
  return [type, change = std::move(change)](const Packet& packet, Passage& passage) {
    if (packet.type != type) return Packets{as_it_came(packet)};
    Acknowledgement acknowledgement = as_acknowledgement(packet, passage.version);
    change(acknowledgement, passage);
    return Packets{encode(acknowledgement, passage.version)};
  };
}

Bending resubscribed(SubscriptionChange change) {
  return [change = std::move(change)](const Packet& packet, Passage& passage) {
    if (packet.type != Type::subscribe) return Packets{as_it_came(packet)};
    Reader reader(packet.body);
    const std::uint16_t id = reader.two_bytes();
    const Properties properties =
        passage.version == Version::v5 ? Properties::read(reader) : Properties();
    std::vector<Subscription> all;
    while (!reader.empty()) {
      std::string filter = reader.text();
      all.push_back({std::move(filter), reader.byte()});
      change(all.back(), passage);
    }
    return Packets{encode_subscribe(id, all, passage.version, properties)};
  };
}

Bending connected_with(PropertiesChange change) {
  // The protocol's name, its version, flags and the keep-alive.
  return with_properties(Type::connect, 10, std::move(change));
}

Bending welcomed_with(PropertiesChange change) {
  return with_properties(Type::connack, 2, std::move(change));
}

void lead_astray(Publish& publish) {
  publish.topic += "/astray";
}

}  // namespace holdfast::broker_test
