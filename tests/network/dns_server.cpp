#include "network/dns_server.hpp"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

namespace holdfast::test {
namespace {

using Packet = std::vector<unsigned char>;

// The end of the one question of a query; 0 if it has another form than stub resolvers write.
std::size_t end_of_question(const Packet& query) {
  std::size_t at = NS_HFIXEDSZ;
  while (at < query.size() && query[at] != 0) at += query[at] + 1U;
  return at + 1 + NS_QFIXEDSZ <= query.size() ? at + 1 + NS_QFIXEDSZ : 0;
}

bool asks_for_a(const Packet& query, std::size_t end) {
  return query[end - 4] == 0 && query[end - 3] == ns_t_a;
}

// RFC 1035 section 4.1: header, the question once more, and perhaps records that point to it.
Packet answer_to(const Packet& query, std::size_t end, const std::vector<std::string>& addresses) {
  Packet answer(query.begin(), query.begin() + static_cast<std::ptrdiff_t>(end));
  answer[2] = 0x81;  // an answer, with recursion desired
  answer[3] = 0x80;  // recursion available, no error
  std::memset(answer.data() + 6, 0, 6);
  if (!asks_for_a(query, end)) return answer;
  answer[7] = static_cast<unsigned char>(addresses.size());
  for (const std::string& address : addresses) {
    const std::array<unsigned char, 12> record{0xC0, NS_HFIXEDSZ, 0, ns_t_a, 0, ns_c_in,
                                               0,    0,           0, 60,     0, 4};
    answer.insert(answer.end(), record.begin(), record.end());
    in_addr value{};
    ::inet_pton(AF_INET, address.c_str(), &value);
    const auto* bytes = reinterpret_cast<const unsigned char*>(&value);
    answer.insert(answer.end(), bytes, bytes + sizeof value);
  }
  return answer;
}

constexpr std::size_t kHeaderBytes = 28;  // IPv4, UDP

}  // namespace

DnsServer::DnsServer(const std::string& address) : addresses_{address} {
  socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_port = htons(NS_DEFAULTPORT);
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) {
    ::close(socket_);
    throw std::runtime_error("no name server can listen here");
  }
  thread_ = std::thread([this] { serve(); });
}

DnsServer::~DnsServer() {
  ::shutdown(socket_, SHUT_RDWR);  // wakes recvfrom
  thread_.join();
  ::close(socket_);
}

void DnsServer::set_addresses(std::vector<std::string> addresses) {
  const std::lock_guard lock(mutex_);
  addresses_ = std::move(addresses);
}

void DnsServer::serve() {
  for (;;) {
    Packet query(NS_PACKETSZ);
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t count = ::recvfrom(socket_, query.data(), query.size(), 0,
                                     reinterpret_cast<sockaddr*>(&from), &size);
    if (count <= 0) return;
    ip_bytes_ += kHeaderBytes + static_cast<std::size_t>(count);
    query.resize(static_cast<std::size_t>(count));
    const std::size_t end = query.size() > NS_HFIXEDSZ ? end_of_question(query) : 0;
    if (end == 0) continue;
    if (asks_for_a(query, end)) ++questions_;
    if (silent_) continue;
    const std::lock_guard lock(mutex_);
    const Packet answer = answer_to(query, end, addresses_);
    ip_bytes_ += kHeaderBytes + answer.size();  // before it is read
    ::sendto(socket_, answer.data(), answer.size(), 0, reinterpret_cast<const sockaddr*>(&from),
             size);
  }
}

}  // namespace holdfast::test
