#include "channel/network_key.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <memory>

namespace holdfast::channel {
namespace {

constexpr std::size_t kMaxRouteBytes = std::size_t{64} * 1024;

bool has_address(const sockaddr* found, const asio::ip::address& wanted) {
  if (found == nullptr) return false;
  if (wanted.is_v4() && found->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, found, sizeof in);
    const auto bytes = wanted.to_v4().to_bytes();
    return std::memcmp(&in.sin_addr, bytes.data(), bytes.size()) == 0;
  }
  if (wanted.is_v6() && found->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, found, sizeof in);
    const auto bytes = wanted.to_v6().to_bytes();
    return std::memcmp(&in.sin6_addr, bytes.data(), bytes.size()) == 0;
  }
  return false;
}

// FNV-1a, 64 bits: short, and the same on every machine.
std::uint64_t hash(std::string_view text) {
  std::uint64_t value = 0xcbf29ce484222325U;
  for (const char character : text) {
    value = (value ^ static_cast<unsigned char>(character)) * 0x100000001b3U;
  }
  return value;
}

std::string read_routes() {
  std::ifstream file("/proc/net/route");
  std::string text(kMaxRouteBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

// The next word of a line of /proc/net/route.
std::string_view next_word(std::string_view& line) {
  const auto begin = std::min(line.find_first_not_of(" \t"), line.size());
  line.remove_prefix(begin);
  const auto end = std::min(line.find_first_of(" \t"), line.size());
  const auto word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

}  // namespace

std::string interface_of(const asio::ip::address& local) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(all, &::freeifaddrs);
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    if (has_address(each->ifa_addr, local)) return each->ifa_name;
  }
  return {};
}

std::string_view gateway_in(std::string_view table, std::string_view interface) {
  while (!table.empty()) {
    const auto end = std::min(table.find('\n'), table.size());
    std::string_view line = table.substr(0, end);
    table.remove_prefix(std::min(end + 1, table.size()));
    const auto name = next_word(line);
    const auto destination = next_word(line);
    const auto gateway = next_word(line);
    if (name == interface && destination == "00000000") return gateway;
  }
  return {};
}

std::uint64_t network_key(const asio::ip::address& local) {
  const std::string interface = interface_of(local);
  const std::string routes = read_routes();
  return hash(interface + "|" + std::string(gateway_in(routes, interface)));
}

}  // namespace holdfast::channel
