// The channel's two ends, and the proxy that it goes through.

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "channel/channel.hpp"

namespace holdfast::channel {

std::string Channel::address() const {
  if (!route_.tunnel) return peer();
  return route_.tunnel->broker + " through the proxy " + peer();
}

std::string Channel::peer() const {
  const std::string address = endpoint_.address().to_string();
  return (endpoint_.address().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(endpoint_.port());
}

// A socket of ours can be bound to an address exactly as long as the host has it. (Where
// net.ipv4.ip_nonlocal_bind is set it always can, and the loss is noticed by TCP's own means.)
bool Channel::lost_its_address() const {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  if (::getsockname(handle_, reinterpret_cast<sockaddr*>(&own), &size) != 0) return false;
  const int probe = ::socket(own.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  // The port is as good as any: it belongs to TCP, and the probe is of UDP.
  const bool gone =
      ::bind(probe, reinterpret_cast<const sockaddr*>(&own), size) != 0 && errno == EADDRNOTAVAIL;
  ::close(probe);
  return gone;
}

void Channel::ask_proxy() {
  phase_ = Phase::tunnelling;
  proxy_reply_.emplace(route_.tunnel->broker, route_.tunnel->proxy);
  const std::string& request = route_.tunnel->request;
  // It is bounded (limits::kMaxProxyCredentialBytes) to what a fresh socket takes at once.
  const ssize_t sent = ::send(handle_, request.data(), request.size(), MSG_NOSIGNAL);
  if (sent > 0) bill_.proxy_bytes_up = static_cast<std::uint64_t>(sent);
  if (sent != static_cast<ssize_t>(request.size())) {
    finish({Errc::connection_lost, "the proxy " + peer() + " does not take the request"});
    return;
  }
  wait_readable();
}

void Channel::read_proxy(std::span<const std::uint8_t> bytes) {
  std::size_t taken = 0;
  bill_.proxy_bytes_down += bytes.size();
  switch (proxy_reply_->feed(bytes, taken)) {
    case TunnelReply::Step::need_input:
      return;
    case TunnelReply::Step::failed:
      finish(proxy_reply_->failure());
      return;
    case TunnelReply::Step::opened:
      break;
  }
  proxy_reply_.reset();
  bill_.tunnel_ip_bytes = ip_bytes() - bill_.set_up_ip_bytes;
  phase_ = Phase::handshaking;
  offer_ticket();
  // In TLS the client begins: what came already is the broker's mistake, and judged as such.
  bill_.tls_bytes_down += bytes.size() - taken;
  bill_.proxy_bytes_down -= bytes.size() - taken;
  tls_.feed(bytes.subspan(taken));
  shake_hands();
}

}  // namespace holdfast::channel
