// The steps of `holdfast doctor` that need no connection: the broker's name, the route to it, and
// what this host is set to.

#pragma once

#include "channel/broker_url.hpp"
#include "channel/reach.hpp"
#include "channel/resolver.hpp"
#include "dial.hpp"
#include "doctor_report.hpp"

namespace holdfast::cli {

/// The step "name": the broker's, or with a proxy the proxy's. @throws StepFailed
channel::Endpoints find_addresses(const channel::BrokerUrl& broker, const channel::Reach& reach,
                                  Deadline deadline, Report& report);

/// The step "route": those of the addresses that this host has a route to. @throws StepFailed
channel::Endpoints find_routes(const channel::Endpoints& addresses,
                               const std::string& network_interface, Report& report);

/// The steps "host" and "clock".
void look_at_host(Report& report);

/// ADDRESS:PORT, with brackets where they belong.
std::string text_of(const asio::ip::tcp::endpoint& endpoint);

}  // namespace holdfast::cli
