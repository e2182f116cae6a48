#include "https_sink.hpp"

#include <asio.hpp>
#include <asio/ssl.hpp>
#include <charconv>
#include <string_view>
#include <thread>
#include <utility>

namespace migrate {
namespace {

using asio::ip::tcp;

// A reading takes some 100 bytes, the head of a POST as much again.
constexpr std::size_t kMaxRequestBytes = 16'384;

// Of "Content-Length: N", in the spelling that curl has. @return 0 where it is missing
std::size_t content_length(std::string_view head) {
  constexpr std::string_view kName = "\r\nContent-Length: ";
  const std::size_t at = head.find(kName);
  std::size_t length = 0;
  if (at == head.npos) return 0;
  const std::string_view rest = head.substr(at + kName.size());
  std::from_chars(rest.data(), rest.data() + rest.size(), length);
  return length;
}

}  // namespace

class HttpsSink::Engine {
 public:
  Engine(const std::string& certificate, const std::string& key,
         std::function<void(const std::string&)> take)
      : take_(std::move(take)),
        tls_(asio::ssl::context::tlsv13_server),
        acceptor_(context_, {asio::ip::address_v4::loopback(), 0}) {
    tls_.use_certificate_chain_file(certificate);
    tls_.use_private_key_file(key, asio::ssl::context::pem);
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
  void accept() {
    acceptor_.async_accept([this](std::error_code error, tcp::socket socket) {
      if (!error) serve(std::move(socket));
      accept();
    });
  }

  // Blocks, but for no longer than the client is there: it is this machine's own.
  void serve(tcp::socket socket) {
    std::error_code error;
    asio::ssl::stream<tcp::socket> stream(std::move(socket), tls_);
    stream.handshake(asio::ssl::stream_base::server, error);
    if (error) return;
    std::string bytes;
    const std::size_t head =
        asio::read_until(stream, asio::dynamic_buffer(bytes, kMaxRequestBytes), "\r\n\r\n", error);
    if (error) return;
    const std::size_t length = content_length(std::string_view(bytes).substr(0, head));
    if (length > kMaxRequestBytes - head) return;
    if (bytes.size() < head + length) {
      asio::read(stream, asio::dynamic_buffer(bytes, kMaxRequestBytes),
                 asio::transfer_exactly(head + length - bytes.size()), error);
    }
    if (error) return;
    take_(bytes.substr(head, length));
    asio::write(stream, asio::buffer(std::string_view("HTTP/1.1 204 No Content\r\n\r\n")), error);
    stream.shutdown(error);  // waits for the client's own
  }

  std::function<void(const std::string&)> take_;
  asio::io_context context_;
  asio::ssl::context tls_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

HttpsSink::HttpsSink(const std::string& certificate, const std::string& key,
                     std::function<void(const std::string& body)> take)
    : engine_(std::make_unique<Engine>(certificate, key, std::move(take))) {}
HttpsSink::~HttpsSink() = default;

std::uint16_t HttpsSink::port() const {
  return engine_->port();
}

}  // namespace migrate
