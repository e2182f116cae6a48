#pragma once

#include <array>
#include <asio.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "support/tcp_proxy.hpp"

namespace holdfast::test {

// ProxyLink is one client's connection through a TcpProxy: two sockets and a pump
// for each way. All of it runs in the proxy's thread.
class ProxyLink : public std::enable_shared_from_this<ProxyLink> {
 public:
  // What the link tells its proxy; must outlive the link's pending operations.
  struct Observer {
    std::function<void(std::size_t number, std::string_view)> up;
    std::function<void(std::size_t number, std::string_view)> down;
    std::function<void(const ProxyLink*)> ended;
  };

  // `number` counts the connections from 0.
  ProxyLink(asio::ip::tcp::socket client, std::size_t number, const Observer& observer);

  void start(const asio::ip::tcp::endpoint& target);
  void hold(bool up, bool down);
  void cut(TcpProxy::Cut cut);

 private:
  struct Pump {
    Pump(asio::ip::tcp::socket& source, asio::ip::tcp::socket& sink,
         const std::function<void(std::size_t, std::string_view)>& forwarded)
        : from(source), to(sink), count(forwarded) {}

    asio::ip::tcp::socket& from;
    asio::ip::tcp::socket& to;
    const std::function<void(std::size_t, std::string_view)>& count;
    std::array<char, 16384> buffer{};
    std::size_t held_back = 0;  // Bytes read that wait for the end of a hold.
    bool end_held_back = false;
    bool held = false;
    bool done = false;
  };

  void read(Pump& pump);
  void write(Pump& pump, std::size_t size);
  void finish(Pump& pump);
  void release(Pump& pump);
  void end();

  const std::size_t number_;
  const Observer& observer_;
  asio::ip::tcp::socket client_;
  asio::ip::tcp::socket target_;
  Pump up_;
  Pump down_;
  bool ended_ = false;
};

}  // namespace holdfast::test
