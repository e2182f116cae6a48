#include "selftest/bent_broker.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace holdfast::broker_test {
namespace {

// How often a passage looks whether the relay ends.
constexpr int kStepMs = 50;
// Longer than any test runs.
constexpr std::chrono::milliseconds kForEver = std::chrono::hours(24);

int connect_to_loopback(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket);
    return -1;
  }
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

bool send_all(int socket, const Bytes& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto count = ::send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

// The packets of one direction: whole ones are bent, what is no MQTT goes on as it is.
class Direction {
 public:
  Direction(const Bending& bending, Passage& passage) : bending_(bending), passage_(passage) {}

  Bytes pass(const Bytes& bytes) {
    if (broken_) return bytes;
    input_.insert(input_.end(), bytes.begin(), bytes.end());
    Bytes output;
    try {
      while (auto packet = take_packet(input_)) {
        note(*packet);
        const auto all =
            bending_ ? bending_(*packet, passage_) : std::vector<Bytes>{as_it_came(*packet)};
        for (const Bytes& one : all) output.insert(output.end(), one.begin(), one.end());
      }
    } catch (const Malformed&) {
      broken_ = true;
      output.insert(output.end(), input_.begin(), input_.end());
    }
    return output;
  }

  // What is left of a packet that never came to its end, and zeros in place of what is missing.
  Bytes filled_up() {
    constexpr std::size_t kMostZeros = 256;
    Bytes whole = input_;
    try {
      while (!input_.empty() && whole.size() < input_.size() + kMostZeros) {
        if (Bytes rest = whole; take_packet(rest)) return whole;
        whole.push_back(0);
      }
    } catch (const Malformed&) {
      // No packet whatever follows.
    }
    return {};
  }

 private:
  // Protocol name, then the version; the client id behind it is of use for 3.1.1 and plain ones.
  void note(const Packet& packet) {
    constexpr std::size_t kVersionAt = 6;
    if (packet.type == Type::connect) passage_.logs_in = true;
    if (packet.type != Type::connect || packet.body.size() <= kVersionAt) return;
    if (packet.body[kVersionAt] == 4) passage_.version = Version::v311;
    try {
      Reader reader(packet.body);
      reader.take(10);
      if (passage_.version == Version::v5) Properties::read(reader);
      passage_.client_id = reader.text();
    } catch (const Malformed&) {
      // A hostile one; it is mosquitto's to judge.
    }
  }

  const Bending& bending_;
  Passage& passage_;
  Bytes input_;
  bool broken_ = false;
};

void bound_reads(int socket, std::chrono::milliseconds bound) {
  const timeval time{.tv_sec = bound.count() / 1'000, .tv_usec = bound.count() % 1'000 * 1'000};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

// A client of TLS begins with a record of the handshake.
bool speaks_in_the_clear(int client) {
  constexpr char kHandshake = 0x16;
  char first = kHandshake;
  return ::recv(client, &first, 1, MSG_PEEK) == 1 && first != kHandshake;
}

}  // namespace

Bytes as_it_came(const Packet& packet) {
  return encode_raw(packet.type, packet.flags, packet.body);
}

void BentBroker::FreeContext::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

BentBroker::Context BentBroker::make_context(const test::Identity& identity) const {
  Context context(SSL_CTX_new(TLS_server_method()));
  apply(bend_.tls, context.get());
  if (SSL_CTX_use_certificate_chain_file(context.get(), identity.cert_file.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), identity.key_file.c_str(), SSL_FILETYPE_PEM) !=
          1) {
    throw std::runtime_error("the relay cannot use its key");
  }
  if (bend_.gives_no_tickets) SSL_CTX_set_num_tickets(context.get(), 0);
  if (!bend_.groups.empty()) SSL_CTX_set1_groups_list(context.get(), bend_.groups.c_str());
  return context;
}

BentBroker::BentBroker(const test::Identity& identity, Bend bend, test::MosquittoOptions options)
    : bend_(std::move(bend)), identity_(identity), mosquitto_(std::move(options)) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL's socket BIO has no MSG_NOSIGNAL
  context_ = make_context(identity_);
  if (bend_.other_identity) other_context_ = make_context(*bend_.other_identity);
  mosquitto_.start();
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 128) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error("the relay cannot listen");
  }
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

BentBroker::~BentBroker() {
  ending_ = true;
  accepting_.join();
  for (std::thread& passage : passages_) passage.join();
  ::close(listener_);
}

void BentBroker::accept_all() {
  for (unsigned number = 0; !ending_;) {
    pollfd wanted{listener_, POLLIN, 0};
    if (::poll(&wanted, 1, kStepMs) <= 0) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    const std::lock_guard lock(mutex_);
    passages_.emplace_back([this, client, number] { serve(client, number); });
    ++number;
  }
}

void BentBroker::serve(int client, unsigned number) {
  const int on = 1;
  ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const unsigned cuts = cuts_;
  if (is_turned_away(client)) return;
  // A CONNECT that comes later is not waited for.
  const auto late = std::chrono::steady_clock::now() + bend_.patience.value_or(kForEver);
  const bool other = other_context_ != nullptr && !bend_.tls.proof && number % 5 == 4;
  Context own;
  if (bend_.forgets_tickets) own = make_context(identity_);
  SSL* tls = SSL_new(own ? own.get() : other ? other_context_.get() : context_.get());
  SSL_set_fd(tls, client);
  const Proving proving(bend_.tls, tls, number, other_context_.get());
  const bool shaken = SSL_accept(tls) == 1;
  if (!shaken) ++broken_handshakes_;
  const int broker = shaken ? connect_to_loopback(mosquitto_.plain_port()) : -1;
  Passage passage{.number = number};
  Direction up(bend_.to_broker, passage);
  Direction down(bend_.to_client, passage);
  bool broker_open = broker >= 0;
  while (broker >= 0 && !ending_ && passage.then == Passage::Then::go_on) {
    std::array wanted{pollfd{client, POLLIN, 0}, pollfd{broker_open ? broker : -1, POLLIN, 0}};
    const bool idle = SSL_pending(tls) == 0 && ::poll(wanted.data(), wanted.size(), kStepMs) <= 0;
    if (cuts_ != cuts) break;
    if (!passage.logs_in && std::chrono::steady_clock::now() >= late) break;
    if (idle) continue;
    Bytes bytes(16 * 1024);
    if (wanted[0].revents != 0 || SSL_pending(tls) > 0) {
      const int count = SSL_read(tls, bytes.data(), static_cast<int>(bytes.size()));
      if (count <= 0) {
        if (bend_.fills_up_what_breaks_off && broker_open) send_all(broker, up.filled_up());
        break;
      }
      bytes.resize(static_cast<std::size_t>(count));
      if (broker_open) send_all(broker, up.pass(bytes));
      if (!write(tls, std::exchange(passage.answers, {}))) break;
      continue;
    }
    const auto count = ::recv(broker, bytes.data(), bytes.size(), 0);
    if (count <= 0) {
      if (!bend_.never_closes) break;
      broker_open = false;
      continue;
    }
    bytes.resize(static_cast<std::size_t>(count));
    if (!write(tls, {down.pass(bytes)})) break;
  }
  if (passage.then == Passage::Then::close_everybody) ++cuts_;
  if (broker >= 0) ::close(broker);
  SSL_shutdown(tls);
  SSL_free(tls);
  ::close(client);
}

bool BentBroker::is_turned_away(int client) {
  if (bend_.bears_broken_handshakes && broken_handshakes_ >= *bend_.bears_broken_handshakes) {
    ::close(client);
    return true;
  }
  if (bend_.speaks_plain_too && speaks_in_the_clear(client)) {
    serve_plainly(client);
    return true;
  }
  if (bend_.patience) bound_reads(client, *bend_.patience);
  if (bend_.writes_to_one_at_a_time) {
    // Otherwise the kernel would take all that one client does not read.
    const int little = 64 * 1024;
    ::setsockopt(client, SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
  }
  return false;
}

bool BentBroker::write(SSL* tls, const std::vector<Bytes>& all) {
  std::unique_lock turn(writing_, std::defer_lock);
  if (bend_.writes_to_one_at_a_time) turn.lock();
  for (const Bytes& one : all) {
    if (!one.empty() && SSL_write(tls, one.data(), static_cast<int>(one.size())) <= 0) return false;
  }
  return true;
}

void BentBroker::serve_plainly(int client) {
  const int broker = connect_to_loopback(mosquitto_.plain_port());
  bool open = broker >= 0;
  while (open && !ending_) {
    std::array wanted{pollfd{client, POLLIN, 0}, pollfd{broker, POLLIN, 0}};
    if (::poll(wanted.data(), wanted.size(), kStepMs) <= 0) continue;
    const bool up = wanted[0].revents != 0;
    Bytes bytes(16 * 1024);
    const auto count = ::recv(up ? client : broker, bytes.data(), bytes.size(), 0);
    bytes.resize(static_cast<std::size_t>(count > 0 ? count : 0));
    open = count > 0 && send_all(up ? broker : client, bytes);
  }
  if (broker >= 0) ::close(broker);
  ::close(client);
}

}  // namespace holdfast::broker_test
