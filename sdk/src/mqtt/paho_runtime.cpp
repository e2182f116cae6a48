#include "mqtt/paho_runtime.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <mqtt/async_client.h>

#include "base/descriptor.hpp"
#include "base/own_socket.hpp"
#include "base/paho_proxy.hpp"

namespace holdfast::mqtt_engine {
namespace {

using namespace std::chrono_literals;

constexpr auto kSetUpTime = 5s;
constexpr std::string_view kConnack("\x20\x02\x00\x00", 4);
constexpr std::string_view kPingresp("\xD0\x00", 2);

bool wait_readable(int descriptor, std::chrono::steady_clock::time_point until) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  pollfd poll_set{descriptor, POLLIN, 0};
  return left.count() > 0 && ::poll(&poll_set, 1, static_cast<int>(left.count())) == 1;
}

bool send_all(int descriptor, std::string_view text) {
  return ::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(text.size());
}

}  // namespace

class PahoRuntime::Waker {
 public:
  // Makes the listener and the client. The first client of a process makes Paho initialise OpenSSL:
  // that must not happen on a thread that the end of the process does not wait for, because OpenSSL
  // cleans up at exit.
  bool prepare() {
    listener_ = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* name = reinterpret_cast<sockaddr*>(&address);
    if (listener_.get() < 0 || ::bind(listener_.get(), name, size) != 0 ||
        ::listen(listener_.get(), SOMAXCONN) != 0 ||
        ::getsockname(listener_.get(), name, &size) != 0) {
      return false;
    }
    const std::string at = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    try {
      client_ = std::make_unique<::mqtt::async_client>("tcp://" + at, "holdfast-waker",
                                                       ::mqtt::create_options(MQTTVERSION_3_1_1));
      options_.set_http_proxy("http://" + at);  // see relay.hpp: no proxy of the environment
      options_.set_keep_alive_interval(0);
      options_.set_clean_session(true);
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  // Dials our own listener and plays broker for it: CONNACK and then nothing but pokes. Bounded.
  bool connect() {
    const auto until = std::chrono::steady_clock::now() + kSetUpTime;
    try {
      const auto token = client_->connect(options_);
      const bool stands = accept(until) && play_broker(until) && token->wait_for(kSetUpTime);
      listener_ = Descriptor();
      return stands;
    } catch (const std::exception&) {
      return false;
    }
  }

  void wake() { (void)send_all(socket_.get(), kPingresp); }

 private:
  bool accept(std::chrono::steady_clock::time_point until) {
    while (wait_readable(listener_.get(), until)) {
      Descriptor peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (peer.get() < 0 || !find_own_peer(peer.get())) continue;  // a stranger: drop it
      socket_ = std::move(peer);
      return send_all(socket_.get(), kPahoProxyAnswer);
    }
    return false;
  }

  // Reads until the MQTT CONNECT packet has come behind the proxy's CONNECT line.
  bool play_broker(std::chrono::steady_clock::time_point until) {
    std::string seen;
    while (true) {
      if (!wait_readable(socket_.get(), until)) return false;
      std::array<char, 512> buffer{};
      const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (count <= 0) return false;
      seen.append(buffer.data(), static_cast<std::size_t>(count));
      const auto end = seen.find("\r\n\r\n");
      if (end == std::string::npos || seen.size() < end + 6) continue;
      const auto length = static_cast<std::size_t>(static_cast<unsigned char>(seen[end + 5]));
      if (seen.size() >= end + 6 + length) return send_all(socket_.get(), kConnack);
    }
  }

  ::mqtt::connect_options
      options_;  // Paho C++ 1.2.0 keeps pointers into it: it outlives the client
  std::unique_ptr<::mqtt::async_client> client_;
  Descriptor listener_;
  Descriptor socket_;
};

PahoRuntime& PahoRuntime::instance() {
  static auto* runtime = new PahoRuntime;  // never destroyed, see the header
  return *runtime;
}

PahoRuntime::PahoRuntime() {
  auto waker = std::make_unique<Waker>();
  if (!waker->prepare()) waker.reset();
  std::thread([this, waker = std::move(waker)]() mutable { run(std::move(waker)); }).detach();
}

PahoRuntime::~PahoRuntime() = default;

void PahoRuntime::run(std::unique_ptr<Waker> waker) {
  const bool stands = waker && waker->connect();

  std::unique_lock lock(mutex_);
  if (stands) waker_ = std::move(waker);
  ready_ = true;
  const auto waiting = std::exchange(when_ready_, {});
  lock.unlock();
  for (const auto& callback : waiting) callback();

  lock.lock();
  while (true) {
    changed_.wait(lock, [this] { return !to_destroy_.empty(); });
    std::unique_ptr<Disposable> client = std::move(to_destroy_.front());
    to_destroy_.pop_front();
    lock.unlock();
    wake();
    client->wait_closed();
    client.reset();
    lock.lock();
  }
}

void PahoRuntime::when_ready(std::function<void()> ready) {
  {
    const std::lock_guard lock(mutex_);
    if (!ready_) {
      when_ready_.push_back(std::move(ready));
      return;
    }
  }
  ready();
}

void PahoRuntime::wake() {
  const std::lock_guard lock(mutex_);
  if (waker_) waker_->wake();
}

void PahoRuntime::dispose(std::unique_ptr<Disposable> client) {
  {
    const std::lock_guard lock(mutex_);
    to_destroy_.push_back(std::move(client));
  }
  changed_.notify_one();
}

}  // namespace holdfast::mqtt_engine
