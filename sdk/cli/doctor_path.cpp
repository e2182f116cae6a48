#include "doctor_path.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/address.hpp>

#include <holdfast/limits.hpp>

#include "device/trusted_time.hpp"
#include "doctor_step.hpp"

namespace holdfast::cli {
namespace {

using std::chrono::steady_clock;
using Endpoint = asio::ip::tcp::endpoint;

constexpr const char* kTimestamps = "/proc/sys/net/ipv4/tcp_timestamps";

struct FreeInterfaces {
  void operator()(ifaddrs* list) const { ::freeifaddrs(list); }
};

bool same_address(const sockaddr* left, const sockaddr_storage& right) {
  if (left == nullptr || left->sa_family != right.ss_family) return false;
  if (left->sa_family == AF_INET) {
    return reinterpret_cast<const sockaddr_in*>(left)->sin_addr.s_addr ==
           reinterpret_cast<const sockaddr_in*>(&right)->sin_addr.s_addr;
  }
  return left->sa_family == AF_INET6 &&
         std::memcmp(&reinterpret_cast<const sockaddr_in6*>(left)->sin6_addr,
                     &reinterpret_cast<const sockaddr_in6*>(&right)->sin6_addr,
                     sizeof(in6_addr)) == 0;
}

std::string interface_of(const sockaddr_storage& address) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, FreeInterfaces> owner(list);
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (same_address(one->ifa_addr, address)) return one->ifa_name;
  }
  return {};
}

struct Route {
  std::string from;
  std::string interface;
  std::error_code error;
  Failure unusable;  // the interface
};

// The kernel chooses the way when a datagram socket is connected, and sends nothing for it.
Route route_to(const Endpoint& endpoint, const std::string& network_interface) {
  Route route;
  const Socket socket(::socket(endpoint.protocol().family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket.get() >= 0) route.unusable = channel::leave_through(socket.get(), network_interface);
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  if (socket.get() < 0 ||
      ::connect(socket.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 ||
      ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&local), &size) != 0) {
    route.error = {errno, std::generic_category()};
    return route;
  }
  route.interface = interface_of(local);
  Endpoint from;
  std::memcpy(from.data(), &local, std::min<std::size_t>(size, from.capacity()));
  route.from = from.address().to_string();
  return route;
}

std::string list_of(const channel::Endpoints& endpoints) {
  std::string list;
  for (const Endpoint& endpoint : endpoints) {
    list += (list.empty() ? "" : ", ") + endpoint.address().to_string();
  }
  return list;
}

}  // namespace

std::string text_of(const Endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(endpoint.port());
}

channel::Endpoints find_addresses(const channel::BrokerUrl& broker, const channel::Reach& reach,
                                  Deadline deadline, Report& report) {
  const channel::BrokerUrl& target = reach.proxy ? reach.proxy->server : broker;
  const std::string whose = reach.proxy ? "the proxy " : "";
  const std::string rest =
      reach.proxy ? "; " + broker.host + " is for the proxy to find" : std::string();
  Step step{.name = "name"};
  if (target.is_ip_literal) {
    step.what = whose + target.host + " is an address: nothing to look up" + rest;
    step.facts["addresses"] = {target.host};
    report.add(std::move(step));
    return {{asio::ip::make_address(target.host), target.port}};
  }
  const auto begin = steady_clock::now();
  asio::io_context io;
  const auto work = asio::make_work_guard(io);  // the answer comes from another thread
  channel::Resolver resolver(io.get_executor());
  channel::Endpoints found;
  Failure failure(Errc::name_not_resolved, "no name server has answered for " + target.host);
  resolver.resolve(target.host, target.port, [&](channel::Endpoints endpoints, Failure why) {
    found = std::move(endpoints);
    failure = std::move(why);
    io.stop();
  });
  io.run_until(std::min(deadline, begin + limits::kResolveTimeout));
  step.time = steady_clock::now() - begin;
  const auto bytes = channel::cost_of_lookup(target.host, found, *step.time).ip_bytes().sum();
  if (bytes > 0) step.bytes = bytes;
  if (!failure && found.empty()) {
    failure = Failure(Errc::name_not_resolved, "the name " + target.host + " has no address");
  }
  if (failure) fail(report, std::move(step), failure, Where::path);
  step.what = whose + target.host + " is " + list_of(found) + rest;
  if (step.bytes) step.what += "; the lookup's bytes are an estimate, at most so many";
  step.facts["addresses"] = nlohmann::ordered_json::array();
  for (const Endpoint& one : found) step.facts["addresses"].push_back(one.address().to_string());
  report.add(std::move(step));
  return found;
}

channel::Endpoints find_routes(const channel::Endpoints& addresses,
                               const std::string& network_interface, Report& report) {
  Step step{.name = "route"};
  channel::Endpoints there;
  std::string without;
  Failure unusable;
  for (const Endpoint& endpoint : addresses) {
    const Route route = route_to(endpoint, network_interface);
    if (route.unusable) unusable = route.unusable;
    const std::string address = endpoint.address().to_string();
    if (route.error) {
      without +=
          (without.empty() ? "no route to " : ", ") + address + " (" + route.error.message() + ")";
      continue;
    }
    there.push_back(endpoint);
    if (there.size() > 1) continue;
    step.what = "to " + address + " from " + route.from +
                (route.interface.empty() ? "" : " over " + route.interface);
    step.facts["address"] = address;
    step.facts["from"] = route.from;
    step.facts["interface"] = route.interface;
  }
  if (unusable) fail(report, std::move(step), unusable, Where::interface);
  if (there.empty()) fail(report, std::move(step), {Errc::unreachable, without}, Where::path);
  if (!without.empty()) step.what += "; " + without;
  report.add(std::move(step));
  return there;
}

void look_at_host(Report& report) {
  Step host{.name = "host"};
  int timestamps = -1;
  std::ifstream(kTimestamps) >> timestamps;
  host.facts["tcp_timestamps"] = timestamps;
  if (timestamps > 0) {
    host.finding = Finding::costs;
    host.what = "TCP timestamps are on (net.ipv4.tcp_timestamps = " + std::to_string(timestamps) +
                "): 12 bytes in every packet, if the broker has them on, too";
    host.mend =
        "sysctl -w net.ipv4.tcp_timestamps=0, and the same in /etc/sysctl.d; it is for all "
        "connections of this host";
  } else {
    host.what =
        timestamps == 0 ? "TCP timestamps are off" : std::string(kTimestamps) + " cannot be read";
  }
  report.add(std::move(host));

  Step clock{.name = "clock"};
  const bool synchronised = device::synchronised_system_time().has_value();
  clock.what = synchronised ? "synchronised"
                            : "not synchronised: a pin needs no clock, but authorities (--ca) and "
                              "a month's budget do; the app can tell the time with set_time";
  clock.facts["synchronised"] = synchronised;
  report.add(std::move(clock));
}

}  // namespace holdfast::cli
