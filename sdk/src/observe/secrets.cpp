#include "observe/secrets.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace holdfast::observe {
namespace {

using relay::PacketType;

// MQTT 5 section 2.2.2.2: how the value of a property is written.
enum class Form { unknown, byte, two_bytes, four_bytes, number, text, secret, pair };

Form form_of(std::uint8_t property) {
  switch (property) {
    case 0x01:
    case 0x17:
    case 0x19:
    case 0x24:
    case 0x25:
    case 0x28:
    case 0x29:
    case 0x2A:
      return Form::byte;
    case 0x13:
    case 0x21:
    case 0x22:
    case 0x23:
      return Form::two_bytes;
    case 0x02:
    case 0x11:
    case 0x18:
    case 0x27:
      return Form::four_bytes;
    case 0x0B:
      return Form::number;
    case 0x03:
    case 0x08:
    case 0x09:
    case 0x12:
    case 0x15:
    case 0x1A:
    case 0x1C:
    case 0x1F:
      return Form::text;
    case 0x16:
      return Form::secret;
    case 0x26:
      return Form::pair;
    default:
      return Form::unknown;
  }
}

// Lays filler over a packet and lifts it from the front on, field by field. A field that reaches
// beyond the end ends the lifting for good.
class Curtain {
 public:
  explicit Curtain(std::span<std::byte> packet)
      : original_(packet.begin(), packet.end()), packet_(packet), end_(packet.size()) {
    std::fill(packet.begin(), packet.end(), kFiller);
  }

  bool whole() const { return whole_; }
  std::size_t left() const { return end_ - at_; }

  void show(std::size_t count) {
    if (!take(count)) return;
    const auto from = original_.begin() + static_cast<std::ptrdiff_t>(at_ - count);
    std::copy(from, from + static_cast<std::ptrdiff_t>(count),
              packet_.begin() + static_cast<std::ptrdiff_t>(at_ - count));
  }
  void hide(std::size_t count) { take(count); }

  std::uint8_t byte() {
    show(1);
    return whole_ ? std::to_integer<std::uint8_t>(original_[at_ - 1]) : 0;
  }
  std::size_t two_bytes() {
    const std::size_t high = byte();
    return (high << 8) | byte();
  }
  // A variable byte integer (MQTT 5 section 1.5.5).
  std::size_t number() {
    std::size_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const std::size_t next = byte();
      value |= (next & 0x7F) << shift;
      if ((next & 0x80) == 0) return value;
    }
    whole_ = false;
    return 0;
  }
  void text() { show(two_bytes()); }
  void secret() { hide(two_bytes()); }

  /// From here to the end of the section, and no further.
  template <class Step>
  void section(std::size_t size, Step step) {
    if (!whole_ || size > left()) {
      whole_ = false;
      return;
    }
    const std::size_t behind = std::exchange(end_, at_ + size);
    step();
    // What it did not reach is known by its length: what follows can be read all the same.
    at_ = end_;
    end_ = behind;
    whole_ = true;
  }

 private:
  bool take(std::size_t count) {
    whole_ = whole_ && count <= left();
    if (whole_) at_ += count;
    return whole_;
  }

  const std::vector<std::byte> original_;
  const std::span<std::byte> packet_;
  std::size_t at_ = 0;
  std::size_t end_;
  bool whole_ = true;
};

void show_property(Curtain& curtain) {
  switch (form_of(curtain.byte())) {
    case Form::byte:
      return curtain.show(1);
    case Form::two_bytes:
      return curtain.show(2);
    case Form::four_bytes:
      return curtain.show(4);
    case Form::number:
      curtain.number();
      return;
    case Form::text:
      return curtain.text();
    case Form::secret:
      return curtain.secret();
    case Form::pair:
      curtain.text();
      return curtain.secret();
    case Form::unknown:
      return curtain.hide(curtain.left());
  }
}

void show_properties(Curtain& curtain) {
  curtain.section(curtain.number(), [&curtain] {
    while (curtain.whole() && curtain.left() > 0) show_property(curtain);
  });
}

// MQTT 5 section 3.1, MQTT 3.1.1 section 3.1; level 3 is MQTT 3.1.
void show_connect(Curtain& curtain, Payloads payloads) {
  constexpr std::uint8_t kWill = 0x04;
  constexpr std::uint8_t kPassword = 0x40;
  constexpr std::uint8_t kUserName = 0x80;
  curtain.text();  // the name of the protocol
  const std::uint8_t level = curtain.byte();
  if (!curtain.whole() || level < 3 || level > 5) return;
  const std::uint8_t flags = curtain.byte();
  curtain.show(2);  // keep alive
  if (level == 5) show_properties(curtain);
  curtain.text();  // client identifier
  if ((flags & kWill) != 0) {
    if (level == 5) show_properties(curtain);
    curtain.text();
    if (payloads == Payloads::shown) {
      curtain.text();
    } else {
      curtain.secret();
    }
  }
  if ((flags & kUserName) != 0) curtain.secret();
  if ((flags & kPassword) != 0) curtain.secret();
}

// MQTT 5 section 3.2.
void show_connack(Curtain& curtain, MqttVersion version) {
  curtain.show(2);
  if (version == MqttVersion::v5) show_properties(curtain);
}

// MQTT 5 section 3.15.
void show_auth(Curtain& curtain) {
  if (curtain.left() > 0) curtain.show(1);
  if (curtain.left() > 0) show_properties(curtain);
}

// MQTT 5 section 3.3.
void show_publish(Curtain& curtain, std::uint8_t flags, MqttVersion version) {
  curtain.text();
  if ((flags & 0x06) != 0) curtain.show(2);
  if (version == MqttVersion::v5) curtain.show(curtain.number());
}

}  // namespace

bool has_secrets(PacketType type, Payloads payloads) {
  return type == PacketType::connect || type == PacketType::connack || type == PacketType::auth ||
         (type == PacketType::publish && payloads == Payloads::blanked);
}

void blank_secrets(std::span<std::byte> packet, MqttVersion version, Payloads payloads) {
  if (packet.empty()) return;
  const auto first = std::to_integer<std::uint8_t>(packet[0]);
  const auto type = static_cast<PacketType>(first >> 4);
  if (!has_secrets(type, payloads)) return;
  Curtain curtain(packet);
  curtain.byte();
  curtain.number();  // the remaining length
  if (type == PacketType::connect) {
    show_connect(curtain, payloads);
  } else if (type == PacketType::connack) {
    show_connack(curtain, version);
  } else if (type == PacketType::auth) {
    show_auth(curtain);
  } else {
    show_publish(curtain, first & 0x0F, version);
  }
}

}  // namespace holdfast::observe
