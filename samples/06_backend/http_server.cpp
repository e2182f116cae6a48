#include "http_server.hpp"

#include <asio.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <thread>
#include <utility>

#include "http_request.hpp"

namespace fleet {
namespace {

using asio::ip::tcp;
using namespace std::chrono_literals;

// A browser opens six; more are scripts, or people who share the machine.
constexpr std::size_t kMostClients = 32;
// On loopback the whole exchange takes milliseconds. Who is slower holds a place that others want.
constexpr auto kClientTime = 10s;

}  // namespace

class HttpServer::Engine {
 public:
  Engine(std::uint16_t port, std::function<std::string()> make_page)
      : make_page_(std::move(make_page)),
        acceptor_(context_, {asio::ip::address_v4::loopback(), port}) {
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Engine() {
    context_.stop();
    thread_.join();
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  /// One connection: a request, an answer, the end.
  struct Client {
    Client(tcp::socket connected, Engine& owner)
        : socket(std::move(connected)), deadline(socket.get_executor()), engine(owner) {
      ++engine.clients_;
    }
    ~Client() { --engine.clients_; }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    tcp::socket socket;
    asio::steady_timer deadline;
    Engine& engine;
    std::string head;
    std::string reply;
  };

  void accept() {
    acceptor_.async_accept([this](std::error_code error, tcp::socket socket) {
      // Beyond the bound a client is hung up on at once.
      if (!error && clients_ < kMostClients)
        serve(std::make_shared<Client>(std::move(socket), *this));
      if (error != asio::error::operation_aborted) accept();
    });
  }

  void serve(const std::shared_ptr<Client>& client) {
    client->deadline.expires_after(kClientTime);
    client->deadline.async_wait([weak = std::weak_ptr(client)](std::error_code error) {
      std::error_code ignored;
      if (const auto late = weak.lock(); late && !error) late->socket.close(ignored);
    });
    asio::async_read_until(client->socket, asio::dynamic_buffer(client->head, kMaxHeadBytes),
                           "\r\n\r\n", [this, client](std::error_code error, std::size_t size) {
                             // Too long a head is no request either.
                             if (error == asio::error::not_found) size = 0;
                             if (error && error != asio::error::not_found) return;
                             reply(client, std::string_view(client->head).substr(0, size));
                           });
  }

  void reply(const std::shared_ptr<Client>& client, std::string_view head) {
    const Verdict verdict = judge(head, port());
    std::string page;
    if (verdict == Verdict::page || verdict == Verdict::page_head) page = page_or_reason();
    client->reply = answer(verdict, page);
    asio::async_write(client->socket, asio::buffer(client->reply),
                      [this, client](std::error_code error, std::size_t /*size*/) {
                        std::error_code ignored;
                        client->socket.shutdown(tcp::socket::shutdown_send, ignored);
                        client->head.resize(kMaxHeadBytes);
                        if (!error) drain(client);
                      });
  }

  // Closing with something unread would reset the connection, and take the answer from who has not
  // read it yet. The deadline bounds this as well.
  void drain(const std::shared_ptr<Client>& client) {
    client->socket.async_read_some(asio::buffer(client->head),
                                   [this, client](std::error_code error, std::size_t /*size*/) {
                                     if (!error) drain(client);
                                   });
  }

  std::string page_or_reason() const {
    try {
      return make_page_();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "the page: %s\n", error.what());
      return "<!DOCTYPE html><title>Fleet</title><p>The page cannot be made; the log says why.";
    }
  }

  std::function<std::string()> make_page_;
  std::size_t clients_ = 0;  // outlives the clients, which the context holds
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

HttpServer::HttpServer(std::uint16_t port, std::function<std::string()> make_page)
    : engine_(std::make_unique<Engine>(port, std::move(make_page))) {}
HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const {
  return engine_->port();
}

}  // namespace fleet
