#include "mqtt/server_reference.hpp"

#include <cstdint>
#include <utility>

#include <holdfast/limits.hpp>

namespace holdfast::mqtt_engine {
namespace {

constexpr std::size_t kMaxPacketBytes = 2 * limits::kMaxServerReferenceBytes;
constexpr unsigned kConnack = 2;
constexpr unsigned kDisconnect = 14;
constexpr unsigned kUseAnotherServer = 0x9C;
constexpr unsigned kServerMoved = 0x9D;
constexpr unsigned kServerReference = 0x1C;

// Reads from the front; once something is missing, everything is.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool empty() const { return bytes_.empty(); }

  std::span<const std::byte> take(std::size_t count) {
    if (!ok_ || bytes_.size() < count) {
      ok_ = false;
      return {};
    }
    const auto taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }

  unsigned number(std::size_t bytes) {
    unsigned value = 0;
    for (const std::byte byte : take(bytes)) value = (value << 8) | std::to_integer<unsigned>(byte);
    return value;
  }

  // Section 1.5.5.
  std::size_t variable() {
    std::size_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const unsigned byte = number(1);
      value |= static_cast<std::size_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }

  std::span<const std::byte> text() { return take(number(2)); }
  void fail() { ok_ = false; }

 private:
  std::span<const std::byte> bytes_;
  bool ok_ = true;
};

// Table 2-4 of section 2.2.2.2, by the form of the value.
void skip_property(Reader& reader, unsigned identifier) {
  switch (identifier) {
    case 0x01:
    case 0x17:
    case 0x19:
    case 0x24:
    case 0x25:
    case 0x28:
    case 0x29:
    case 0x2A:
      reader.take(1);
      return;
    case 0x13:
    case 0x21:
    case 0x22:
    case 0x23:
      reader.take(2);
      return;
    case 0x02:
    case 0x11:
    case 0x18:
    case 0x27:
      reader.take(4);
      return;
    case 0x0B:
      reader.variable();
      return;
    case 0x26:
      reader.text();
      reader.text();
      return;
    case 0x03:
    case 0x08:
    case 0x09:
    case 0x12:
    case 0x15:
    case 0x16:
    case 0x1A:
    case 0x1F:
      reader.text();
      return;
    default:
      reader.fail();
  }
}

std::optional<std::string> find_reference(std::span<const std::byte> packet) {
  Reader reader(packet);
  const unsigned type = reader.number(1) >> 4;
  Reader body(reader.take(reader.variable()));
  if (type == kConnack) body.take(1);  // the acknowledge flags
  const unsigned reason = body.number(1);
  const bool known = type == kConnack || type == kDisconnect;
  if (!reader.ok() || !body.ok() || !known) return std::nullopt;
  if (reason != kUseAnotherServer && reason != kServerMoved) return std::nullopt;
  Reader properties(body.take(body.variable()));
  std::optional<std::string> reference;
  while (body.ok() && properties.ok() && !properties.empty()) {
    const auto identifier = static_cast<unsigned>(properties.variable());
    if (identifier != kServerReference) {
      skip_property(properties, identifier);
      continue;
    }
    const auto text = properties.text();
    // Section 3.2.2.3.16: more than one is a protocol error.
    if (reference) return std::nullopt;
    reference.emplace(reinterpret_cast<const char*>(text.data()), text.size());
  }
  const bool usable = body.ok() && properties.ok() && reference && !reference->empty() &&
                      reference->size() <= limits::kMaxServerReferenceBytes;
  return usable ? reference : std::nullopt;
}

}  // namespace

std::optional<std::string> ServerReferenceReader::take(std::span<const std::byte> bytes,
                                                       bool ends) {
  if (!listening_) return std::nullopt;
  if (packet_.size() + bytes.size() > kMaxPacketBytes) too_long_ = true;
  if (!too_long_) packet_.insert(packet_.end(), bytes.begin(), bytes.end());
  if (!ends) return std::nullopt;
  const auto packet = std::exchange(packet_, {});
  if (std::exchange(too_long_, false)) return std::nullopt;
  return find_reference(packet);
}

}  // namespace holdfast::mqtt_engine
