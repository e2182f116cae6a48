// The beginning of the pipe: who may enter, and how Paho is greeted.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "pipe.hpp"

namespace holdfast::relay {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// Another process that connects to a port and stays until its end of the wire is closed.
class Stranger {
 public:
  explicit Stranger(std::uint16_t port) {
    int ready[2];
    if (::pipe(ready) != 0) throw std::runtime_error("pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      // Only calls that are allowed after fork.
      const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(port);
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      const char told =
          ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 'y'
                                                                                              : 'n';
      (void)!::write(socket, "CONNECT ", 8);
      (void)!::write(ready[1], &told, 1);
      char byte = 0;
      const ssize_t count = ::read(socket, &byte, 1);  // until the relay hangs up
      ::_exit(count > 0 ? 1 : 0);
    }
    ::close(ready[1]);
    char told = 0;
    connected_ = ::read(ready[0], &told, 1) == 1 && told == 'y';
    ::close(ready[0]);
  }
  ~Stranger() {
    if (pid_ > 0) exit_status();
  }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  bool connected() const { return connected_; }
  // 0: it was hung up on without a byte.
  int exit_status() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WEXITSTATUS(status);
  }

 private:
  pid_t pid_ = -1;
  bool connected_ = false;
};

TEST(RelayListener, IsOnLoopbackOnly) {
  Pipe pipe;
  ASSERT_NE(pipe.listen(), 0);
  Tcp::socket other(pipe.io);
  std::error_code error;
  // The whole of 127/8 reaches this host; only 127.0.0.1 has the listener.
  other.connect(Tcp::endpoint(asio::ip::make_address("127.0.0.2"), pipe.port), error);
  EXPECT_TRUE(error);
}

TEST(RelayListener, DropsAForeignProcessAndGoesOnWaiting) {
  Pipe pipe;
  pipe.listen();
  Stranger stranger(pipe.port);
  ASSERT_TRUE(stranger.connected());
  ASSERT_TRUE(pipe.run_until([&] { return pipe.intruders.size() == 1; }));
  EXPECT_THAT(pipe.intruders.front(), HasSubstr("not ours"));
  EXPECT_EQ(stranger.exit_status(), 0) << "it got a byte from us";
  EXPECT_EQ(pipe.dialled_in, 0);

  pipe.paho.connect(Tcp::endpoint(asio::ip::address_v4::loopback(), pipe.port));
  ASSERT_TRUE(pipe.run_until([&] { return pipe.dialled_in == 1; }));
  EXPECT_TRUE(pipe.broken.empty());
}

TEST(RelayListener, DropsEachOfManyForeignConnections) {
  Pipe pipe;
  pipe.listen();
  for (int i = 0; i < 5; ++i) {
    Stranger stranger(pipe.port);
    ASSERT_TRUE(
        pipe.run_until([&] { return pipe.intruders.size() == static_cast<std::size_t>(i) + 1; }));
  }
  pipe.paho.connect(Tcp::endpoint(asio::ip::address_v4::loopback(), pipe.port));
  EXPECT_TRUE(pipe.run_until([&] { return pipe.dialled_in == 1; }));
}

TEST(RelayListener, ClosesAfterItsOnePeer) {
  Pipe pipe;
  pipe.dial();
  ASSERT_TRUE(pipe.run_until([&] { return pipe.dialled_in == 1; }));
  Tcp::socket second(pipe.io);
  std::error_code error;
  second.connect(Tcp::endpoint(asio::ip::address_v4::loopback(), pipe.port), error);
  EXPECT_TRUE(error) << "the listener must be gone";
}

TEST(RelayGreeting, IsAnsweredBeforeItIsAsked) {
  Pipe pipe;
  pipe.dial();
  EXPECT_THAT(pipe.read_until("\r\n\r\n"), testing::StartsWith("HTTP/1.1 200 "));
}

TEST(RelayGreeting, IsNotPassedOn) {
  Pipe pipe;
  ASSERT_TRUE(pipe.open());
  pipe.settle();
  EXPECT_THAT(pipe.to_wire, IsEmpty());
}

TEST(RelayGreeting, MayComeInPiecesAndWithMqttBehindIt) {
  Pipe pipe;
  pipe.dial();
  ASSERT_TRUE(pipe.run_until([&] { return pipe.dialled_in == 1; }));
  const std::string packet = publish_packet(30);
  const std::string all = kConnectLine + packet;
  for (const char one : all) {
    pipe.write(std::string(1, one));
    pipe.io.restart();
    pipe.io.run_one_for(1ms);
  }
  ASSERT_TRUE(pipe.run_until([&] { return pipe.wire() == packet; }));
}

TEST(RelayGreeting, IsObligatory) {
  Pipe pipe;
  pipe.dial();
  pipe.write("\x10\x0D MQTT without a greeting \r\n");
  ASSERT_TRUE(pipe.run_until([&] { return pipe.broken.size() == 1; }));
  EXPECT_EQ(pipe.broken.front().error, Errc::protocol_error);
  EXPECT_THAT(pipe.to_wire, IsEmpty());
}

TEST(RelayGreeting, IsNotWaitedForForEver) {
  Pipe pipe;
  pipe.dial();
  pipe.write("CONNECT " + std::string(8'000, 'x'));
  EXPECT_TRUE(pipe.run_until([&] { return pipe.broken.size() == 1; }));
}

TEST(RelayGreeting, ThatNeverComesIsToldAsAnEnd) {
  Pipe pipe;
  pipe.dial();
  ASSERT_TRUE(pipe.run_until([&] { return pipe.dialled_in == 1; }));
  pipe.paho.close();
  EXPECT_TRUE(pipe.run_until([&] { return pipe.hung_up == 1; }));
}

TEST(RelayClose, IsSilent) {
  Pipe pipe;
  ASSERT_TRUE(pipe.open());
  pipe.write(publish_packet(30));
  pipe.relay->close();
  pipe.settle();
  EXPECT_THAT(pipe.to_wire, IsEmpty());
  EXPECT_EQ(pipe.hung_up, 0);
  EXPECT_THAT(pipe.broken, IsEmpty());
  pipe.relay->from_wire(as_bytes(publish_packet(30)));
  pipe.send_ours(kPingreq);
  pipe.relay->wire_ready();
  pipe.relay->wire_ended();
  pipe.settle();
  EXPECT_THAT(pipe.to_wire, IsEmpty());
  EXPECT_THAT(pipe.arrived, IsEmpty());
}

}  // namespace
}  // namespace holdfast::relay
