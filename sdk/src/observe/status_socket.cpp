#include "observe/status_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>

#include <holdfast/limits.hpp>

#include "base/descriptor.hpp"
#include "observe/documents.hpp"
#include "observe/socket_path.hpp"
#include "observe/status_client.hpp"

namespace holdfast::observe {
namespace {

using Protocol = asio::local::stream_protocol;

Failure failed(const std::filesystem::path& path, const std::string& what, int error) {
  return {Errc::system_failure, "the status socket " + path.string() + " cannot be " + what + ": " +
                                    std::error_code(error, std::generic_category()).message() +
                                    "; holdfast status will not reach this device"};
}

// What stands at the place of the socket is taken away if it is a socket that nobody listens on.
Failure clear(const std::filesystem::path& path, const std::filesystem::path& state_dir) {
  struct stat is {};
  if (::lstat(path.c_str(), &is) != 0) return {};
  if (!S_ISSOCK(is.st_mode))
    return failed(path, "made, because something else has its name", EEXIST);
  const Descriptor living = connect_to_status(state_dir);
  if (living.get() >= 0 || errno == EAGAIN) {
    return failed(path, "made, because another process answers on it", EADDRINUSE);
  }
  if (::unlink(path.c_str()) != 0) return failed(path, "replaced", errno);
  return {};
}

}  // namespace

class StatusSocket::Server final : public ClientOwner, public std::enable_shared_from_this<Server> {
 public:
  Server(const asio::any_io_executor& executor, Events events, std::chrono::milliseconds patience)
      : acceptor_(executor), pause_(executor), events_(std::move(events)), patience_(patience) {}

  Failure open(const std::filesystem::path& state_dir);
  void close();

  // ClientOwner.
  std::chrono::milliseconds patience() const override { return patience_; }
  Answer answer(const Request& request) override { return events_.answer(request); }
  bool takes_stream() const override { return streams_ < limits::kStatusStreams; }
  void began_stream() override { ++streams_; }
  void ended(const StatusClient& client) override;

 private:
  void await();
  void accepted(Protocol::socket socket);
  bool may_enter(int socket);

  Protocol::acceptor acceptor_;
  asio::steady_timer pause_;  // between two clients
  Events events_;
  const std::chrono::milliseconds patience_;
  std::filesystem::path path_;
  struct stat made_ {};  // the socket's name, to be removed
  std::vector<std::shared_ptr<StatusClient>> clients_;
  std::size_t streams_ = 0;
  bool waiting_ = false;  // for the next client
};

Failure StatusSocket::Server::open(const std::filesystem::path& state_dir) {
  path_ = state_dir / kStatusSocket;
  if (Failure failure = clear(path_, state_dir)) return failure;
  const SocketPath way(state_dir, kStatusSocket);
  if (way.text().empty()) return failed(path_, "reached", errno);

  // Not by Asio, whose sockets a child of the app would have, too.
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) return failed(path_, "made", errno);
  std::error_code error;
  acceptor_.assign(Protocol(), listener, error);
  if (error) {
    ::close(listener);
    return failed(path_, "made", error.value());
  }
  // Before it has a name, so that nobody else finds it open for a moment: bind(2) gives the name
  // the mode of the socket.
  if (::fchmod(acceptor_.native_handle(), 0600) != 0) return failed(path_, "protected", errno);
  acceptor_.bind(Protocol::endpoint(way.text()), error);
  if (!error) acceptor_.listen(limits::kStatusBacklog, error);
  if (error || ::lstat(path_.c_str(), &made_) != 0) {
    Failure failure = failed(path_, "made", error ? error.value() : errno);
    acceptor_.close(error);
    return failure;
  }
  await();
  return {};
}

void StatusSocket::Server::close() {
  std::error_code ignored;
  pause_.cancel();
  for (const auto& client : std::exchange(clients_, {})) client->close();
  if (!acceptor_.is_open()) return;
  acceptor_.close(ignored);
  // Whoever has put another one in its place may keep it.
  struct stat is {};
  if (::lstat(path_.c_str(), &is) == 0 && is.st_dev == made_.st_dev && is.st_ino == made_.st_ino) {
    ::unlink(path_.c_str());
  }
}

void StatusSocket::Server::await() {
  if (waiting_ || !acceptor_.is_open() || clients_.size() >= limits::kStatusClients) return;
  waiting_ = true;
  acceptor_.async_accept(
      [self = shared_from_this()](const std::error_code& error, Protocol::socket socket) {
        if (!self->acceptor_.is_open()) return;
        if (!error) self->accepted(std::move(socket));
        // An error is one of want (descriptors, memory), and passes.
        self->pause_.expires_after(error ? limits::kStatusTime : limits::kStatusStep);
        self->pause_.async_wait([self](const std::error_code& cancelled) {
          if (cancelled) return;
          self->waiting_ = false;
          self->await();
        });
      });
}

void StatusSocket::Server::accepted(Protocol::socket socket) {
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  if (!may_enter(socket.native_handle())) return;
  clients_.push_back(std::make_shared<StatusClient>(std::move(socket), *this));
  clients_.back()->begin();
}

// The mode of the file says the same, unless somebody has changed it.
bool StatusSocket::Server::may_enter(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  if (peer.uid == 0 || peer.uid == ::geteuid()) return true;
  events_.warning("user " + std::to_string(peer.uid) + " (process " + std::to_string(peer.pid) +
                  ") knocked at the status socket and was not let in: it is for the device's user "
                  "and root; see that " +
                  path_.string() + " has mode 0600");
  return false;
}

void StatusSocket::Server::ended(const StatusClient& client) {
  if (client.is_stream()) --streams_;
  std::erase_if(clients_, [&client](const auto& one) { return one.get() == &client; });
  await();
}

StatusSocket::StatusSocket(asio::any_io_executor executor, Events events,
                           std::chrono::milliseconds patience)
    : server_(std::make_shared<Server>(executor, std::move(events), patience)) {}

StatusSocket::~StatusSocket() {
  close();
}

Failure StatusSocket::open(const std::filesystem::path& state_dir) {
  return server_->open(state_dir);
}

void StatusSocket::close() {
  server_->close();
}

}  // namespace holdfast::observe
