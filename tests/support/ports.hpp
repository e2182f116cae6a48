#pragma once

#include <cstdint>

namespace holdfast::test {

// unused_port returns a TCP port of 127.0.0.1 that nobody has bound at the
// moment. It is for servers that cannot take port 0 or that must come back on
// the same port later. Another process may take it before the server does, so
// start the server in a loop that picks again.
//
// The port lies below the kernel's range for outgoing connections. Inside that
// range a client that dials a stopped server may be given the very same number
// as its own port and so connect to itself. Throws std::system_error when there
// is none.
std::uint16_t unused_port();

}  // namespace holdfast::test
