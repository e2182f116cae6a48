#include "support/tcp_proxy_link.hpp"

#include <utility>

namespace holdfast::test {
namespace {

using asio::ip::tcp;

// Closing with a linger time of 0 makes the kernel send RST and not FIN.
void close_with_reset(tcp::socket& socket) {
  asio::error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

void close_with_finish(tcp::socket& socket) {
  asio::error_code ignored;
  socket.shutdown(tcp::socket::shutdown_both, ignored);
  socket.close(ignored);
}

}  // namespace

ProxyLink::ProxyLink(tcp::socket client, std::size_t number, const Observer& observer)
    : number_(number),
      observer_(observer),
      client_(std::move(client)),
      target_(client_.get_executor()),
      up_(client_, target_, observer.up),
      down_(target_, client_, observer.down) {}

void ProxyLink::start(const tcp::endpoint& target) {
  target_.async_connect(target, [self = shared_from_this()](const asio::error_code& error) {
    if (self->ended_) return;
    if (error) return self->cut(TcpProxy::Cut::kReset);
    asio::error_code ignored;
    self->client_.set_option(tcp::no_delay(true), ignored);
    self->target_.set_option(tcp::no_delay(true), ignored);
    self->read(self->up_);
    self->read(self->down_);
  });
}

void ProxyLink::hold(bool up, bool down) {
  up_.held = up;
  down_.held = down;
  release(up_);
  release(down_);
}

void ProxyLink::cut(TcpProxy::Cut cut) {
  const auto close = cut == TcpProxy::Cut::kReset ? close_with_reset : close_with_finish;
  close(client_);
  close(target_);
  end();
}

void ProxyLink::read(Pump& pump) {
  pump.from.async_read_some(
      asio::buffer(pump.buffer),
      [self = shared_from_this(), &pump](const asio::error_code& error, std::size_t size) {
        if (self->ended_) return;
        if (error == asio::error::eof) {
          pump.end_held_back = true;
          return self->release(pump);
        }
        if (error) return self->cut(TcpProxy::Cut::kReset);
        pump.held_back = size;
        self->release(pump);
      });
}

void ProxyLink::release(Pump& pump) {
  if (pump.held || ended_) return;
  if (pump.held_back > 0) return write(pump, std::exchange(pump.held_back, 0));
  if (std::exchange(pump.end_held_back, false)) finish(pump);
}

void ProxyLink::write(Pump& pump, std::size_t size) {
  // Counted before it is sent: who sees the answer must see the count as well.
  pump.count(number_, {pump.buffer.data(), size});
  asio::async_write(pump.to, asio::buffer(pump.buffer.data(), size),
                    [self = shared_from_this(), &pump](const asio::error_code& error, std::size_t) {
                      if (self->ended_) return;
                      if (error) return self->cut(TcpProxy::Cut::kReset);
                      self->read(pump);
                    });
}

// One side has sent FIN: hand it on, and let the other way run on.
void ProxyLink::finish(Pump& pump) {
  asio::error_code ignored;
  pump.to.shutdown(tcp::socket::shutdown_send, ignored);
  pump.done = true;
  if (up_.done && down_.done) cut(TcpProxy::Cut::kFinish);
}

void ProxyLink::end() {
  if (std::exchange(ended_, true)) return;
  observer_.ended(this);
}

}  // namespace holdfast::test
