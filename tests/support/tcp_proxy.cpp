#include "support/tcp_proxy.hpp"

#include <algorithm>
#include <asio.hpp>
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <set>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "support/ports.hpp"
#include "support/tcp_proxy_link.hpp"

namespace holdfast::test {
namespace {

using asio::ip::tcp;

constexpr std::size_t kRecordedConnections = 64;
constexpr std::size_t kRecordedBytes = 4096;
constexpr int kPortAttempts = 20;

tcp::endpoint loopback(std::uint16_t port) {
  return {asio::ip::address_v4::loopback(), port};
}

// Not port 0: the port must be safe to come back to after refuse_new(), see
// unused_port().
tcp::acceptor listen_somewhere(asio::io_context& context) {
  for (int attempt = 1;; ++attempt) {
    try {
      return tcp::acceptor(context, loopback(unused_port()));
    } catch (const std::system_error&) {
      if (attempt == kPortAttempts) throw;
    }
  }
}

}  // namespace

class TcpProxy::Engine {
 public:
  explicit Engine(std::uint16_t target_port)
      : acceptor_(listen_somewhere(context_)),
        endpoint_(acceptor_.local_endpoint()),
        targets_{loopback(target_port)} {
    observer_.up = [this](std::size_t number, std::string_view bytes) { count_up(number, bytes); };
    observer_.down = [this](std::size_t, std::string_view bytes) { bytes_down_ += bytes.size(); };
    observer_.ended = [this](const ProxyLink* link) { forget(link); };
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }

  ~Engine() {
    context_.stop();
    thread_.join();
  }

  // Runs `action` in the proxy's thread and waits for it.
  template <class Action>
  auto in_thread(Action action) {
    std::packaged_task<decltype(action())()> task(std::move(action));
    auto result = task.get_future();
    asio::post(context_, [task = std::move(task)]() mutable { task(); });
    return result.get();
  }

  std::size_t cut_all(Cut cut) {
    const auto links = links_;  // A copy: each one takes itself out of the set.
    for (const auto& link : links) link->cut(cut);
    return links.size();
  }

  void refuse_new(bool refuse) {
    if (refuse != acceptor_.is_open()) return;
    if (refuse) {
      acceptor_.close();
      return;
    }
    acceptor_ = tcp::acceptor(context_, endpoint_);
    accept();
  }

  void black_hole(bool swallow, Way way) {
    if (way != Way::kDown) hold_up_ = swallow;
    if (way != Way::kUp) hold_down_ = swallow;
    for (const auto& link : std::set(links_)) link->hold(hold_up_, hold_down_);
  }

  bool wait_for_connections(std::size_t made, std::chrono::milliseconds bound) {
    std::unique_lock lock(mutex_);
    return made_changed_.wait_for(lock, bound, [&] { return made_ >= made; });
  }

  std::vector<std::string> first_bytes() {
    const std::lock_guard lock(mutex_);
    return first_bytes_;
  }

  std::size_t made() {
    const std::lock_guard lock(mutex_);
    return made_;
  }

 private:
  friend class TcpProxy;

  void accept() {
    acceptor_.async_accept([this](const asio::error_code& error, tcp::socket client) {
      if (error) return;  // The acceptor has been closed.
      welcome(std::move(client));
      accept();
    });
  }

  void welcome(tcp::socket client) {
    const auto link = std::make_shared<ProxyLink>(std::move(client), made(), observer_);
    links_.insert(link);
    link->hold(hold_up_, hold_down_);
    link->start(targets_.front());
    std::rotate(targets_.begin(), targets_.begin() + 1, targets_.end());
    {
      const std::lock_guard lock(mutex_);
      ++made_;
      if (made_ <= kRecordedConnections) first_bytes_.emplace_back();
    }
    made_changed_.notify_all();
  }

  void count_up(std::size_t number, std::string_view bytes) {
    bytes_up_ += bytes.size();
    if (number >= kRecordedConnections) return;
    const std::lock_guard lock(mutex_);
    std::string& kept = first_bytes_[number];
    kept += bytes.substr(0, kRecordedBytes - kept.size());
  }

  void forget(const ProxyLink* link) {
    std::erase_if(links_, [link](const auto& kept) { return kept.get() == link; });
  }

  ProxyLink::Observer observer_;
  std::mutex mutex_;
  std::condition_variable made_changed_;
  std::size_t made_ = 0;
  std::vector<std::string> first_bytes_;
  std::atomic<std::uint64_t> bytes_up_ = 0;
  std::atomic<std::uint64_t> bytes_down_ = 0;
  asio::io_context context_;
  // The thread has to live on while the port is closed and no link is open.
  asio::executor_work_guard<asio::io_context::executor_type> work_ =
      asio::make_work_guard(context_);
  tcp::acceptor acceptor_;
  const tcp::endpoint endpoint_;
  std::vector<tcp::endpoint> targets_;  // the next one first
  std::set<std::shared_ptr<ProxyLink>> links_;
  bool hold_up_ = false;
  bool hold_down_ = false;
  std::thread thread_;
};

TcpProxy::TcpProxy(std::uint16_t target_port) : engine_(std::make_unique<Engine>(target_port)) {}

TcpProxy::~TcpProxy() = default;

std::uint16_t TcpProxy::port() const {
  return engine_->endpoint_.port();
}

std::size_t TcpProxy::connections_made() const {
  return engine_->made();
}

std::size_t TcpProxy::connections_alive() const {
  return engine_->in_thread([this] { return engine_->links_.size(); });
}

bool TcpProxy::wait_for_connections(std::size_t made, std::chrono::milliseconds bound) const {
  return engine_->wait_for_connections(made, bound);
}

std::size_t TcpProxy::cut_all(Cut cut) {
  return engine_->in_thread([this, cut] { return engine_->cut_all(cut); });
}

void TcpProxy::refuse_new(bool refuse) {
  engine_->in_thread([this, refuse] { engine_->refuse_new(refuse); });
}

void TcpProxy::black_hole(bool swallow, Way way) {
  engine_->in_thread([this, swallow, way] { engine_->black_hole(swallow, way); });
}

void TcpProxy::set_target(std::uint16_t target_port) {
  set_targets({target_port});
}

void TcpProxy::set_targets(const std::vector<std::uint16_t>& target_ports) {
  std::vector<tcp::endpoint> targets;
  for (const std::uint16_t port : target_ports) targets.push_back(loopback(port));
  engine_->in_thread([&] { engine_->targets_ = std::move(targets); });
}

std::uint64_t TcpProxy::bytes_up() const {
  return engine_->bytes_up_;
}

std::uint64_t TcpProxy::bytes_down() const {
  return engine_->bytes_down_;
}

std::vector<std::string> TcpProxy::first_bytes() const {
  return engine_->first_bytes();
}

}  // namespace holdfast::test
