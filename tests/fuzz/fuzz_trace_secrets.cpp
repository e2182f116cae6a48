// A trace's copy of MQTT: no byte of a password, of a user name or of authentication data is in it,
// however the stream is cut, and nothing else is changed.
//
// The first bytes of the input say how the stream is cut and what is blanked. If the next one is
// even, a login is made of the rest, so that secrets are known; else the rest is the stream itself,
// and what has to be gone is found by reading it in another way.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz.hpp"
#include "observe/packet_copy.hpp"

namespace {

using holdfast::MqttVersion;
using holdfast::fuzz::require;
using holdfast::observe::Bytes;
using holdfast::observe::kFiller;
using holdfast::observe::PacketCopy;
using holdfast::observe::Payloads;

constexpr std::size_t kMostPacket = 4'000;

std::size_t at(std::string_view text, std::size_t index) {
  return static_cast<unsigned char>(text[index]);
}

std::string counted(std::string_view text) {
  std::string out{static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 255)};
  return out.append(text);
}

std::string number(std::size_t value) {
  std::string out;
  for (; value > 127; value >>= 7) out.push_back(static_cast<char>(value | 128));
  return out + static_cast<char>(value);
}

Bytes copy_of(std::string_view stream, std::size_t step, MqttVersion version, Payloads payloads) {
  PacketCopy copy(version, kMostPacket);
  PacketCopy::Copied out;
  auto bytes = std::as_bytes(std::span(stream.data(), stream.size()));
  while (!bytes.empty()) {
    const std::size_t count = std::min(step, bytes.size());
    copy.take(bytes.first(count), payloads, &out);
    bytes = bytes.subspan(count);
  }
  require(out.offset == 0, "nothing in front is left out");
  require(out.bytes.size() <= stream.size(), "nothing is added");
  return out.bytes;
}

// --- a login whose secrets are known ------------------------------------------------------------

struct Feed {
  std::string_view rest;
  std::string_view take(std::size_t most) {
    if (rest.empty()) return {};
    const std::size_t size = std::min({at(rest, 0), most, rest.size() - 1});
    const auto text = rest.substr(1, size);
    rest.remove_prefix(1 + size);
    return text;
  }
};

// Secrets are written as '!', and nothing else is.
std::string harmless(std::string_view text) {
  std::string out(text);
  std::replace(out.begin(), out.end(), '!', '?');
  return out;
}

std::string secret(std::string_view text) {
  return std::string(text.size(), '!');
}

std::string properties_of(Feed& feed, std::size_t& secrets) {
  const std::string data = secret(feed.take(200));
  const std::string value = secret(feed.take(20));
  secrets += data.size() + value.size();
  std::string out = "\x15" + counted(harmless(feed.take(20))) + "\x16" + counted(data);
  out += "\x26" + counted(harmless(feed.take(20))) + counted(value);
  return number(out.size()) + out;
}

void check_login(std::string_view input, std::size_t step) {
  Feed feed{input};
  const bool v5 = feed.take(1) != "4";
  const bool will = feed.take(1) != "n";
  std::string body = counted("MQTT") + (v5 ? '\5' : '\4');
  body += static_cast<char>(will ? 0xC4 : 0xC0);
  body += std::string("\0\x3C", 2);
  std::size_t secrets = 0;
  if (v5) body += properties_of(feed, secrets);
  body += counted(harmless(feed.take(40)));
  if (will) {
    if (v5) body += std::string(1, '\0');
    body += counted(harmless(feed.take(40))) + counted(harmless(feed.take(200)));
  }
  const std::string user = secret(feed.take(255));
  const std::string password = secret(feed.take(255)) + "!";
  const std::string shown = body + counted(user).substr(0, 2);
  body = shown + user + counted(password);
  const std::string packet = "\x10" + number(body.size()) + body + "\xC0" + '\0';
  const Bytes out =
      copy_of(packet, step, v5 ? MqttVersion::v5 : MqttVersion::v3_1_1, Payloads::shown);
  require(out.size() == packet.size(), "a login is copied whole");
  const std::size_t tail = 2 + password.size() + 2;
  for (std::size_t i = packet.size() - tail; i < packet.size() - tail + 2; ++i) {
    require(std::to_integer<std::size_t>(out[i]) == at(packet, i), "lengths stay");
  }
  for (std::size_t i = packet.size() - 2 - password.size(); i < packet.size() - 2; ++i) {
    require(out[i] == kFiller, "no byte of a password is left");
  }
  for (std::size_t i = packet.size() - tail - user.size(); i < packet.size() - tail; ++i) {
    require(out[i] == kFiller, "no byte of a user name is left");
  }
  secrets += user.size() + password.size();
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (std::to_integer<std::size_t>(out[i]) == at(packet, i)) continue;
    require(packet[i] == '!' && out[i] == kFiller, "nothing else is changed");
    --secrets;
  }
  require(secrets == 0, "every secret byte is changed");
}

// --- any stream ---------------------------------------------------------------------------------

struct Where {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Where in a CONNECT that is as MQTT wants it (or cut off) the user name and the password are, read
// from the front with an index and nothing more. Empty: it is no such packet.
std::vector<Where> credentials_of(std::string_view packet) {
  std::size_t i = 1;
  while (i < packet.size() && (at(packet, i) & 128) != 0) ++i;
  ++i;
  bool good = true;
  const auto text = [&]() -> Where {
    if (i + 2 > packet.size()) good = false;
    if (!good) return {};
    const std::size_t size = at(packet, i) << 8 | at(packet, i + 1);
    i += 2;
    const Where where{i, i + size};
    i += size;
    good = i <= packet.size();
    return where;
  };
  const auto section = [&] {
    std::size_t size = 0;
    for (unsigned shift = 0;; shift += 7) {
      if (i >= packet.size() || shift > 21) good = false;
      if (!good) return;
      const std::size_t byte = at(packet, i++);
      size |= (byte & 127) << shift;
      if ((byte & 128) == 0) break;
    }
    i += size;
    good = i <= packet.size();
  };
  text();
  if (!good || i + 4 > packet.size()) return {};
  const std::size_t level = at(packet, i);
  const std::size_t flags = at(packet, i + 1);
  if (level < 3 || level > 5) return {};
  i += 4;
  if (level == 5) section();
  text();
  if ((flags & 0x04) != 0) {
    if (level == 5) section();
    text();
    text();
  }
  std::vector<Where> found;
  for (const std::size_t flag : {0x80U, 0x40U}) {
    if ((flags & flag) == 0) continue;
    const Where where = text();
    if (good) found.push_back(where);
  }
  return found;
}

void check_stream(std::string_view stream, std::size_t step, MqttVersion version,
                  Payloads payloads) {
  const Bytes out = copy_of(stream, step, version, payloads);
  require(copy_of(stream, stream.size() + 1, version, payloads) == out, "cuts make no difference");
  for (std::size_t i = 0; i < out.size(); ++i) {
    require(std::to_integer<std::size_t>(out[i]) == at(stream, i) || out[i] == kFiller,
            "a byte is itself, or filler");
  }
  std::size_t begin = 0;
  while (begin < out.size()) {
    std::size_t length = 0;
    std::size_t i = begin + 1;
    for (unsigned shift = 0; i < stream.size(); shift += 7) {
      length |= (at(stream, i) & 127) << shift;
      if ((at(stream, i++) & 128) == 0) break;
    }
    const std::size_t end = i + length;
    if (end > out.size()) break;
    if (at(stream, begin) >> 4 == 1) {
      for (const Where& where : credentials_of(stream.substr(begin, end - begin))) {
        require(std::all_of(out.begin() + static_cast<std::ptrdiff_t>(begin + where.begin),
                            out.begin() + static_cast<std::ptrdiff_t>(begin + where.end),
                            [](std::byte byte) { return byte == kFiller; }),
                "no byte of a user name or password is left");
      }
    }
    begin = end;
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::string_view input = holdfast::fuzz::text_of(data, size).substr(2);
  const std::size_t step = 1U + data[0];
  if (data[1] % 2 == 0) {
    check_login(input, step);
  } else {
    check_stream(input, step, (data[1] & 2) != 0 ? MqttVersion::v5 : MqttVersion::v3_1_1,
                 (data[1] & 4) != 0 ? Payloads::blanked : Payloads::shown);
  }
  return 0;
}
