#pragma once

#include <string>

namespace holdfast::test::link {

// Gives the whole process a network of its own, with nothing in it but loopback.
// To be called first in main(), before there is any other thread: everything that
// the process and its children do later happens there. Returns why it is not
// permitted, or nothing. Where the process is not root it tries with a user
// namespace, in which it may do this all the same.
std::string leave_for_private_network();

// Why tests that need a link cannot run here; empty if they can. To be given to
// GTEST_SKIP.
std::string why_no_links();

// Network is a second network, with loopback alone. It lasts until the object and
// all processes that run in it are gone.
class Network {
 public:
  // Throws std::system_error.
  Network();
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

// Inside moves the calling thread to a network for as long as it lives. Sockets
// that are made, threads that are started and processes that are spawned
// meanwhile belong there for good.
class Inside {
 public:
  explicit Inside(const Network& network);
  ~Inside();
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  int home_ = -1;
};

// A TUN device in the network of the calling thread: IP packets are read from and
// written to its descriptor. It is gone when that is closed.
class Tun {
 public:
  // With this IPv4 address in a /24, and this IPv6 address in a /64; up. Throws
  // std::system_error.
  Tun(const std::string& ipv4, const std::string& ipv6);
  ~Tun();
  Tun(const Tun&) = delete;
  Tun& operator=(const Tun&) = delete;

  int descriptor() const { return descriptor_; }
  // Takes another IPv4 address in place of the one it has; in the thread that is
  // in its network.
  void change_address(const std::string& ipv4);
  // Is left without an IPv4 address.
  void drop_address();

 private:
  void set_address(const std::string& ipv4);
  void set_address6(const std::string& ipv6);

  int descriptor_ = -1;
  std::string name_;
};

}  // namespace holdfast::test::link
