// A TLS 1.3 server in memory, with a throw-away key: what it is told by our own client shows
// whether the linked wolfSSL does what we rely on, and whether a client certificate and its key are
// a pair. Nothing of it ever touches a network.

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "channel/tls_session.hpp"
#include "pinning/pin.hpp"

struct WOLFSSL;
struct WOLFSSL_CTX;

namespace holdfast::channel {

class TrialServer {
 public:
  enum class Demand {
    nothing,
    offered_certificate,  ///< asks for one and goes on without
    client_certificate,
  };

  /// @throws std::runtime_error where the linked wolfSSL cannot be a server, or make a key.
  explicit TrialServer(Demand demand);
  ~TrialServer();
  TrialServer(const TrialServer&) = delete;
  TrialServer& operator=(const TrialServer&) = delete;

  /// Of the server's key.
  const pinning::Pin& pin() const { return pin_; }

  /// Lets the two talk until both are content or one is not. Once in an object's life.
  /// @return the client's verdict; `failure` is its reason.
  TlsSession::Step talk_to(TlsSession& client, Failure& failure);
  /// The server's side finished: with `client_certificate` the client has proved its key.
  bool content() const { return content_; }

 private:
  static int receive(WOLFSSL* session, char* buffer, int size, void* self);
  static int send(WOLFSSL* session, char* buffer, int size, void* self);

  std::unique_ptr<WOLFSSL_CTX, void (*)(WOLFSSL_CTX*)> context_;
  std::unique_ptr<WOLFSSL, void (*)(WOLFSSL*)> session_;
  std::vector<std::uint8_t> input_;
  std::size_t input_read_ = 0;
  std::vector<std::uint8_t> output_;
  pinning::Pin pin_;
  bool content_ = false;
};

}  // namespace holdfast::channel
