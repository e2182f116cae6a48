#include "support/capture_file.hpp"

#include <arpa/inet.h>

#include <array>
#include <cstring>

namespace holdfast::test {
namespace {

unsigned at(std::string_view bytes, std::size_t index) {
  return static_cast<unsigned char>(bytes.at(index));
}

std::uint64_t little(std::string_view bytes, std::size_t index, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i > 0; --i) value = value << 8 | at(bytes, index + i - 1);
  return value;
}

std::uint32_t big(std::string_view bytes, std::size_t index, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | at(bytes, index + i);
  return value;
}

std::size_t padded(std::size_t size) {
  return (size + 3) / 4 * 4;
}

std::map<unsigned, std::string> options_of(std::string_view bytes, std::string& trouble) {
  std::map<unsigned, std::string> options;
  while (!bytes.empty()) {
    if (bytes.size() < 4) {
      trouble = "an option is cut off";
      return options;
    }
    const auto code = static_cast<unsigned>(little(bytes, 0, 2));
    const std::size_t size = little(bytes, 2, 2);
    if (code == 0) {
      if (size != 0 || bytes.size() != 4) trouble = "something follows the end of the options";
      return options;
    }
    if (4 + padded(size) > bytes.size()) {
      trouble = "an option is longer than its block";
      return options;
    }
    options[code] = std::string(bytes.substr(4, size));
    bytes.remove_prefix(4 + padded(size));
  }
  if (!options.empty()) trouble = "the options have no end";
  return options;
}

void read_section(std::string_view body, CaptureFile& file) {
  if (little(body, 0, 4) != 0x1A2B3C4D) file.trouble = "the byte order is not told";
  if (little(body, 4, 2) != 1 || little(body, 6, 2) != 0) file.trouble = "not version 1.0";
  auto options = options_of(body.substr(16), file.trouble);
  file.application = options[4];
  file.comment = options[1];
}

void read_interface(std::string_view body, CaptureFile& file) {
  file.link_type = static_cast<unsigned>(little(body, 0, 2));
  auto options = options_of(body.substr(8), file.trouble);
  file.interface_name = options[2];
  if (options.count(9) != 0) file.time_digits = at(options[9], 0);
}

void read_packet(std::string_view body, CaptureFile& file) {
  const std::size_t size = little(body, 12, 4);
  if (little(body, 0, 4) != 0) file.trouble = "an interface that there is not";
  if (size != little(body, 16, 4)) file.trouble = "a packet is cut";
  if (20 + padded(size) > body.size()) {
    file.trouble = "a packet is longer than its block";
    return;
  }
  CapturedPacket packet;
  packet.time_ns = little(body, 4, 4) << 32 | little(body, 8, 4);
  packet.bytes = std::string(body.substr(20, size));
  auto options = options_of(body.substr(20 + padded(size)), file.trouble);
  packet.comment = options[1];
  if (options.count(2) != 0) packet.direction = at(options[2], 0) & 3;
  if (options.count(4) != 0) packet.dropped_before = little(options[4], 0, 8);
  file.packets.push_back(std::move(packet));
}

void read_sums(std::string_view body, CaptureFile& file) {
  ++file.sums;
  auto options = options_of(body.substr(12), file.trouble);
  if (options.count(4) != 0) file.received = little(options[4], 0, 8);
  if (options.count(5) != 0) file.dropped = little(options[5], 0, 8);
}

// RFC 1071, over what is given in turn.
std::uint16_t folded_sum(const std::string& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    sum += at(bytes, i) << 8 | (i + 1 < bytes.size() ? at(bytes, i + 1) : 0);
  }
  while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

std::string address_text(std::string_view address, std::uint32_t port) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v6 = address.size() == 16;
  inet_ntop(v6 ? AF_INET6 : AF_INET, address.data(), text.data(), text.size());
  const std::string name(text.data());
  return (v6 ? "[" + name + "]" : name) + ":" + std::to_string(port);
}

void read_tcp(std::string_view tcp, std::string_view from, std::string_view to,
              TcpSegment& segment) {
  const std::size_t header = tcp.size() < 20 ? 0 : (at(tcp, 12) >> 4) * 4U;
  if (header < 20 || header > tcp.size()) {
    segment.trouble = "no TCP header";
    return;
  }
  const auto size = static_cast<std::uint32_t>(tcp.size());
  std::string summed = std::string(from) + std::string(to);
  for (const unsigned byte :
       {size >> 24, size >> 16 & 255, size >> 8 & 255, size & 255, 0U, 0U, 0U, 6U}) {
    summed.push_back(static_cast<char>(byte));
  }
  if (folded_sum(summed + std::string(tcp)) != 0xFFFF) segment.trouble = "TCP's check sum is wrong";
  segment.from = address_text(from, big(tcp, 0, 2));
  segment.to = address_text(to, big(tcp, 2, 2));
  segment.sequence = big(tcp, 4, 4);
  segment.acknowledges = big(tcp, 8, 4);
  segment.flags = at(tcp, 13);
  segment.payload = std::string(tcp.substr(header));
}

}  // namespace

CaptureFile read_capture(std::string_view file) {
  CaptureFile capture;
  bool first = true;
  while (!file.empty() && capture.trouble.empty()) {
    if (file.size() < 12) {
      capture.trouble = "a block is cut off";
      break;
    }
    const auto type = little(file, 0, 4);
    const std::size_t size = little(file, 4, 4);
    if (size < 12 || size % 4 != 0 || size > file.size() || little(file, size - 4, 4) != size) {
      capture.trouble = "a block's length is wrong";
      break;
    }
    if (first != (type == 0x0A0D0D0A)) capture.trouble = "not one section header in front";
    first = false;
    const auto body = file.substr(8, size - 12);
    if (type == 0x0A0D0D0A) read_section(body, capture);
    if (type == 1) read_interface(body, capture);
    if (type == 6) read_packet(body, capture);
    if (type == 5) read_sums(body, capture);
    file.remove_prefix(size);
  }
  if (first) capture.trouble = "empty";
  return capture;
}

TcpSegment read_segment(std::string_view packet) {
  TcpSegment segment;
  if (packet.size() < 40) {
    segment.trouble = "too short";
    return segment;
  }
  segment.v6 = at(packet, 0) >> 4 == 6;
  if (segment.v6) {
    if (at(packet, 6) != 6) segment.trouble = "not TCP";
    if (big(packet, 4, 2) + 40 != packet.size()) segment.trouble = "IPv6's length is wrong";
    read_tcp(packet.substr(40), packet.substr(8, 16), packet.substr(24, 16), segment);
    return segment;
  }
  if (at(packet, 0) != 0x45 || at(packet, 9) != 6) segment.trouble = "not TCP in IPv4";
  if (big(packet, 2, 2) != packet.size()) segment.trouble = "IPv4's length is wrong";
  if (folded_sum(std::string(packet.substr(0, 20))) != 0xFFFF) {
    segment.trouble = "IPv4's check sum is wrong";
  }
  read_tcp(packet.substr(20), packet.substr(12, 4), packet.substr(16, 4), segment);
  return segment;
}

}  // namespace holdfast::test
