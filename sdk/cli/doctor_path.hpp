// The steps of `holdfast doctor` that need no connection: the broker's name, the route to it, and
// what this host is set to.

#pragma once

#include "channel/broker_url.hpp"
#include "channel/resolver.hpp"
#include "dial.hpp"
#include "doctor_report.hpp"

namespace holdfast::cli {

/// The step "name". @throws StepFailed
channel::Endpoints find_addresses(const channel::BrokerUrl& broker, Deadline deadline,
                                  Report& report);

/// The step "route": the first address that this host has a route to. @throws StepFailed
asio::ip::tcp::endpoint find_route(const channel::Endpoints& addresses, Report& report);

/// The steps "host" and "clock".
void look_at_host(Report& report);

/// ADDRESS:PORT, with brackets where they belong.
std::string text_of(const asio::ip::tcp::endpoint& endpoint);

}  // namespace holdfast::cli
