// Tells networks apart, so that what was learned of one is not believed of another.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <asio/ip/address.hpp>

namespace holdfast::channel {

/// The network interface that has this address; empty: none has it any more.
std::string interface_of(const asio::ip::address& local);

/// A number for the network that a connection with this local address goes through: of the
/// interface's name and its IPv4 gateway (`/proc/net/route`). A hash and not the names, for what is
/// kept of it should not tell where a device has been. Addresses that a modem gets anew with each
/// dial-up do not change it.
std::uint64_t network_key(const asio::ip::address& local);

/// The gateway of the default route through `interface`, as /proc/net/route writes it; empty: none.
/// @param table the text of /proc/net/route
std::string_view gateway_in(std::string_view table, std::string_view interface);

}  // namespace holdfast::channel
