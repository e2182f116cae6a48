// Makes and sets up virtual Ethernet devices, by rtnetlink(7) and ethtool's ioctl: without other
// programs, which in a user namespace would not have this process's capabilities.
//
// All throw std::system_error with the step that failed.

#pragma once

#include <string>

#include "support/link/network.hpp"

namespace holdfast::bench::wire {

/// A pair: `near` in the network of the calling thread, `far` in the other one; both down.
void make_veth_pair(const std::string& near, const std::string& far,
                    const test::link::Network& far_network);
void remove_device(const std::string& name);

/// In the network of the calling thread: switches off every offload (segmentation, coalescing,
/// checksums) and IPv6, gives it the address in a /24, and brings it up.
void set_up_device(const std::string& name, const std::string& ipv4);

}  // namespace holdfast::bench::wire
