#include "bench/wire/stage.hpp"

#include <arpa/inet.h>
#include <resolv.h>
#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "bench/harness.hpp"
#include "network/dns_server.hpp"

namespace holdfast::bench::wire {
namespace {

namespace link = test::link;

// Gone with the mount namespace, that is, with the process and its children.
std::string write_hosts() {
  static const test::TempDir folder;
  const std::string text = std::string("127.0.0.1 localhost\n") + kFarAddress + " " + kHost + "\n";
  const std::string file = folder.write("hosts", text).string();
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount(file.c_str(), "/etc/hosts", nullptr, MS_BIND, nullptr) != 0) {
    return std::string("a private /etc/hosts: ") + std::strerror(errno);
  }
  return "";
}

}  // namespace

std::string enter_namespaces() {
  std::string why = link::leave_for_private_network();
  if (why.empty()) why = write_hosts();
  if (why.empty()) return "";
  return why +
         "\nThe benchmark needs network and mount namespaces of its own: run it as root, or allow "
         "user namespaces (sysctl -w kernel.unprivileged_userns_clone=1); in a container, with "
         "--cap-add NET_ADMIN --cap-add SYS_ADMIN --device /dev/net/tun; /dev/net/tun must be "
         "there and open to whoever runs it, and so must the kernel's modules "
         "tun and veth.";
}

double measure_lookup() {
  const test::DnsServer server(kFarAddress);
  struct __res_state resolver {};
  if (::res_ninit(&resolver) != 0) give_up("no resolver");
  resolver.nscount = 1;
  resolver.nsaddr_list[0].sin_family = AF_INET;
  resolver.nsaddr_list[0].sin_port = htons(53);
  resolver.nsaddr_list[0].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  unsigned char answer[512];
  const bool found = ::res_nquery(&resolver, kHost, ns_c_in, ns_t_a, answer, sizeof answer) > 0;
  (void)::res_nquery(&resolver, kHost, ns_c_in, ns_t_aaaa, answer, sizeof answer);
  ::res_nclose(&resolver);
  if (!found) give_up("the name server does not answer");
  return static_cast<double>(server.ip_bytes());
}

std::unique_ptr<Keys> make_keys(bool chains) {
  auto keys = std::make_unique<Keys>();
  keys->broker = test::self_signed(keys->dir, test::KeyType::p256, kHost,
                                   {.alt_names = {std::string("DNS:") + kHost}});
  if (!chains) return keys;
  keys->rsa = make_chain(keys->dir, ChainKind::rsa, kHost);
  keys->ecdsa = make_chain(keys->dir, ChainKind::ecdsa, kHost);
  return keys;
}

Servers::Servers(const Line& line, const Keys& keys)
    : broker_({.tls = keys.broker, .tls_address = ""}) {
  const link::Inside inside(line.far_network());
  broker_.start();
  // Somebody wants the readings: for nobody mosquitto puts a reason into its acknowledgements.
  reader_ = std::make_unique<test::Subscriber>(
      test::SubscriberOptions{.port = broker_.plain_port(), .filter = "#"});
  stage_ = {&keys.dir, keys.broker, keys.rsa, keys.ecdsa, &broker_, {}, 0};
  if (Nginx::is_installed() && !keys.rsa.cert_file.empty()) {
    web_ = std::make_unique<Nginx>(
        Nginx::Listeners{.rsa = {keys.rsa.cert_file, keys.rsa.key_file},
                         .ecdsa = {keys.ecdsa.cert_file, keys.ecdsa.key_file},
                         .single = {keys.broker.cert_file, keys.broker.key_file},
                         .http2 = {keys.rsa.cert_file, keys.rsa.key_file, true}});
    stage_.web = web_->ports();
  }
  if (CoapServer::is_installed()) {
    coap_ = std::make_unique<CoapServer>();
    stage_.coap_port = coap_->port();
  }
}

}  // namespace holdfast::bench::wire
