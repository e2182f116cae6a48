// The network of the benchmark's own, the names in it, and the servers on the far side of a line.

#pragma once

#include <memory>
#include <string>

#include "bench/wire/line.hpp"
#include "bench/wire/way.hpp"
#include "support/subscriber.hpp"

namespace holdfast::bench::wire {

/// Moves the process into namespaces of its own, in which the servers' name is known without a name
/// server. To be called first in main(). @return what is lacking and how to get it; empty if it did
std::string enter_namespaces();

/// IP bytes of one look-up of the servers' name as getaddrinfo makes it: two questions (A and AAAA)
/// to a name server on this machine, and its answers, of which that to AAAA is empty.
double measure_lookup();

/// Keys and certificates; made once, for all lines.
struct Keys {
  test::TempDir dir;
  test::Identity broker;
  Chain rsa;
  Chain ecdsa;
};
/// @param chains whether there is a web server, which needs them; RSA keys take their time
std::unique_ptr<Keys> make_keys(bool chains);

/// The servers of one line; those whose packages are missing are not there, nor is the web server
/// without chains.
class Servers {
 public:
  Servers(const Line& line, const Keys& keys);

  const Stage& stage() const { return stage_; }

 private:
  Stage stage_;
  test::Mosquitto broker_;
  std::unique_ptr<test::Subscriber> reader_;
  std::unique_ptr<Nginx> web_;
  std::unique_ptr<CoapServer> coap_;
};

}  // namespace holdfast::bench::wire
