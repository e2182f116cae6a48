#include "channel/server_hello.hpp"

#include <algorithm>
#include <optional>

namespace holdfast::channel {
namespace {

// RFC 8446 sections 4, 4.1.3, 4.2 and 5.1.
constexpr unsigned kHandshakeRecord = 22;
constexpr unsigned kEncryptedRecord = 23;
constexpr unsigned kServerHello = 2;
constexpr unsigned kKeyShare = 51;
constexpr std::size_t kVersionAndRandom = 2 + 32;

/// Takes from the front; what is not there makes it empty and not `good`.
class Cursor {
 public:
  explicit Cursor(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  bool good() const { return good_; }
  bool empty() const { return bytes_.empty(); }

  std::span<const std::uint8_t> take(std::size_t count) {
    if (count > bytes_.size()) {
      good_ = false;
      count = bytes_.size();
    }
    const auto taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }

  std::size_t number(std::size_t size) {
    std::size_t value = 0;
    for (const std::uint8_t byte : take(size)) value = value << 8 | byte;
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  bool good_ = true;
};

/// The handshake messages in clear, which may be spread over records.
std::vector<std::uint8_t> messages_in(std::span<const std::uint8_t> bytes) {
  std::vector<std::uint8_t> messages;
  Cursor records(bytes);
  while (!records.empty()) {
    const std::size_t type = records.number(1);
    records.take(2);
    const auto content = records.take(records.number(2));
    if (!records.good() || type == kEncryptedRecord) break;
    if (type == kHandshakeRecord) messages.insert(messages.end(), content.begin(), content.end());
  }
  return messages;
}

bool shares_key(std::span<const std::uint8_t> server_hello) {
  Cursor hello(server_hello);
  hello.take(kVersionAndRandom);
  hello.take(hello.number(1));  // session identifier
  hello.take(2 + 1);            // suite, compression
  Cursor extensions(hello.take(hello.number(2)));
  bool found = false;
  while (!extensions.empty()) {
    const std::size_t type = extensions.number(2);
    extensions.take(extensions.number(2));
    found |= type == kKeyShare;
  }
  return found && hello.good() && extensions.good();
}

}  // namespace

void ServerHelloReader::feed(std::span<const std::uint8_t> bytes) {
  bytes = bytes.first(std::min(bytes.size(), kMostBytes - bytes_.size()));
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

bool ServerHelloReader::has_key_share() const {
  const auto bytes = messages_in(bytes_);
  Cursor messages(bytes);
  // A HelloRetryRequest is a ServerHello, too, and names a group: the last one counts.
  std::optional<bool> last;
  while (!messages.empty()) {
    const std::size_t type = messages.number(1);
    const auto body = messages.take(messages.number(3));
    if (!messages.good()) return false;
    if (type == kServerHello) last = shares_key(body);
  }
  return last.value_or(false);
}

}  // namespace holdfast::channel
