// Network and mount namespaces of the test's own: interfaces, addresses and name servers can be
// changed as a test likes, and nothing of the host is touched.

#pragma once

#include <functional>
#include <string>

namespace holdfast::test {

/// Moves the process into namespaces of its own, with loopback up and a resolv.conf that names
/// 127.0.0.1. To be called while it has one thread. @return why not; empty if it did
std::string enter_private_network();

/// What `enter_private_network` said.
const std::string& why_no_private_network();

/// Runs `action` in a thread that is in another new network namespace, with loopback up; processes
/// that it starts are there as well.
void in_far_network(const std::function<void()>& action);

/// `ip` with these arguments, in the namespace of the process with this id, or in our own for 0.
/// Throws std::runtime_error when it fails.
void ip(const std::string& arguments, int process = 0);

}  // namespace holdfast::test
