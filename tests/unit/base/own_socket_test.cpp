#include "base/own_socket.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace holdfast {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class OwnPeer : public testing::Test {
 protected:
  void SetUp() override {
    listener = ::socket(AF_INET, SOCK_STREAM, 0);
    auto address = loopback(0);
    ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener, 8), 0);
    socklen_t size = sizeof address;
    ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  void TearDown() override {
    for (const int descriptor : {listener, client, accepted}) {
      if (descriptor >= 0) ::close(descriptor);
    }
  }
  static int dial(std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    const auto address = loopback(port);
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      return -1;
    return descriptor;
  }

  int listener = -1;
  int client = -1;
  int accepted = -1;
  std::uint16_t port = 0;
};

TEST_F(OwnPeer, IsFoundWithItsDescriptor) {
  client = dial(port);
  accepted = ::accept(listener, nullptr, nullptr);
  ASSERT_GE(accepted, 0);
  EXPECT_EQ(find_own_peer(accepted), client);
  EXPECT_EQ(find_own_peer(client), accepted) << "seen from the other end";
}

TEST_F(OwnPeer, IsToldFromOtherConnectionsToTheSameListener) {
  client = dial(port);
  accepted = ::accept(listener, nullptr, nullptr);
  const int second = dial(port);
  const int second_accepted = ::accept(listener, nullptr, nullptr);
  EXPECT_EQ(find_own_peer(accepted), client);
  EXPECT_EQ(find_own_peer(second_accepted), second);
  ::close(second);
  ::close(second_accepted);
}

TEST_F(OwnPeer, IsNotAnotherProcess) {
  int hold[2];
  ASSERT_EQ(::pipe(hold), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(hold[1]);
    const int descriptor = dial(port);
    char byte = 0;
    (void)!::read(hold[0], &byte, 1);  // until the parent has looked
    ::_exit(descriptor >= 0 ? 0 : 1);
  }
  ::close(hold[0]);
  accepted = ::accept(listener, nullptr, nullptr);
  EXPECT_FALSE(find_own_peer(accepted));
  ::close(hold[1]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(OwnPeer, IsNobodyOnceItHasClosed) {
  client = dial(port);
  accepted = ::accept(listener, nullptr, nullptr);
  ::close(client);
  client = -1;
  EXPECT_FALSE(find_own_peer(accepted));
}

TEST_F(OwnPeer, IsNobodyWhereThereIsNoConnection) {
  EXPECT_FALSE(find_own_peer(listener));
  EXPECT_FALSE(find_own_peer(-1));
  EXPECT_FALSE(find_own_peer(STDIN_FILENO));
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  EXPECT_FALSE(find_own_peer(pair[0])) << "not an IPv4 socket";
  ::close(pair[0]);
  ::close(pair[1]);
}

}  // namespace
}  // namespace holdfast
