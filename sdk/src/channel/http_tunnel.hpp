// A tunnel through an HTTP proxy (CONNECT, RFC 9110 section 9.3.6): the request, and a reader of
// the answer that takes nothing for granted. Pure.
//
// The proxy resolves the broker's name. It decides whether bytes get through, and nothing else: the
// broker proves its key inside the tunnel.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/failure.hpp"
#include "channel/proxy_url.hpp"

namespace holdfast::channel {

/// The request as it goes to the proxy; it may contain a password.
std::string connect_request(const BrokerUrl& broker, const ProxyUrl& proxy);

class TunnelReply {
 public:
  enum class Step { need_input, opened, failed };

  /// @param broker, proxy for messages to a person
  TunnelReply(std::string broker, std::string proxy)
      : broker_(std::move(broker)), proxy_(std::move(proxy)) {}

  /// Bytes from the proxy. Once the tunnel is `opened`, those from `taken` on came through it.
  Step feed(std::span<const std::uint8_t> bytes, std::size_t& taken);

  /// Why it `failed`.
  const Failure& failure() const { return failure_; }

 private:
  Step take_line();
  Step fail(Errc error, const std::string& text);
  Step fail_with_status();
  bool read_status_line();

  std::string broker_;
  std::string proxy_;
  std::string line_;
  std::size_t bytes_ = 0;
  std::size_t lines_ = 0;
  bool in_header_ = false;  // the status line has been read
  unsigned status_ = 0;
  std::string reason_;
  Failure failure_;
};

}  // namespace holdfast::channel
