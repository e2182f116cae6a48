// The question these tests answer: does the service manager hear what it has to, and nothing that
// is not so?

#include "common/service.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "support/notify_socket.hpp"

namespace sample {
namespace {

using namespace std::chrono_literals;
using holdfast::test::NotifySocket;

constexpr auto kBound = 60s;

// Of this process, put back at the end.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

holdfast::Event event(holdfast::EventKind kind, const std::string& detail) {
  holdfast::Event made;
  made.kind = kind;
  made.detail = detail;
  return made;
}

long count(NotifySocket& manager, const std::string& assignment) {
  const auto& all = manager.all();
  return std::count(all.begin(), all.end(), assignment);
}

class ServiceTest : public testing::TestWithParam<NotifySocket::Kind> {
 protected:
  NotifySocket manager_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Names, ServiceTest,
                         testing::Values(NotifySocket::Kind::kPath, NotifySocket::Kind::kAbstract),
                         [](const auto& instance) {
                           return instance.param == NotifySocket::Kind::kPath ? "Path" : "Abstract";
                         });

TEST_P(ServiceTest, IsReadyWithTheFirstSessionAndOnce) {
  Service service({.socket = manager_.name()});
  service.note(event(holdfast::EventKind::connecting, "connecting to x"));
  service.tend();
  EXPECT_EQ(count(manager_, "READY=1"), 0);
  service.note(event(holdfast::EventKind::connected, "connected to x"));
  service.note(event(holdfast::EventKind::connected, "connected to x"));
  EXPECT_EQ(count(manager_, "READY=1"), 1);
  EXPECT_EQ(count(manager_, "STATUS=connected to x"), 2);
}

TEST_P(ServiceTest, IsReadyWithoutASessionOnceItsPatienceIsOver) {
  Service service({.socket = manager_.name()}, 20ms);
  wait_readable({service.patience()});
  service.tend();
  EXPECT_EQ(count(manager_, "READY=1"), 1);
}

TEST_P(ServiceTest, TheWatchdogIsFedByTheLoopAlone) {
  Service service({.socket = manager_.name(), .watchdog = 40ms});
  for (int i = 0; i < 3; ++i) {
    wait_readable({service.watchdog()});
    EXPECT_EQ(count(manager_, "WATCHDOG=1"), i) << "nobody has worked since";
    service.tend();
  }
  EXPECT_EQ(count(manager_, "WATCHDOG=1"), 3);
}

TEST_P(ServiceTest, TheWatchdogStarvesWhenWorkHangs) {
  Service service({.socket = manager_.name(), .watchdog = 20ms});
  for (int i = 0; i < 3; ++i) {
    wait_readable({service.watchdog()});
    service.tend(false);
  }
  EXPECT_EQ(count(manager_, "WATCHDOG=1"), 0);
  EXPECT_EQ(count(manager_, "STATUS=something hangs; the watchdog is no longer fed"), 1);
}

TEST_P(ServiceTest, TheReasonStaysWhileItWaitsForTheNextAttempt) {
  Service service({.socket = manager_.name()});
  service.note(event(holdfast::EventKind::connect_failed, "no route"));
  service.note(event(holdfast::EventKind::waiting, "attempt 2 in 1 s"));
  EXPECT_EQ(manager_.all(), std::vector<std::string>{"STATUS=connect_failed: no route"});
}

TEST_P(ServiceTest, AStatusIsOneLine) {
  Service service({.socket = manager_.name()});
  service.status("one\nREADY=1\nthree");
  EXPECT_EQ(manager_.all(), std::vector<std::string>{"STATUS=one READY=1 three"});
}

TEST_P(ServiceTest, ItsEndIsTold) {
  Service service({.socket = manager_.name()});
  service.stopping("delivering");
  EXPECT_EQ(manager_.all(), (std::vector<std::string>{"STOPPING=1", "STATUS=delivering"}));
}

TEST(ServiceEnvironment, IsWhatTheManagerSays) {
  const Variable socket("NOTIFY_SOCKET", "@x");
  const Variable watchdog("WATCHDOG_USEC", "3000000");
  {
    const Variable pid("WATCHDOG_PID", std::to_string(::getpid()));
    EXPECT_EQ(Service::environment().socket, "@x");
    EXPECT_EQ(Service::environment().watchdog, 3s);
  }
  const Variable pid("WATCHDOG_PID", "1");
  EXPECT_EQ(Service::environment().watchdog, 0s) << "it is meant for another process";
}

TEST(ServiceEnvironment, WithoutAManagerNothingIsTold) {
  Service none{Service::Environment{}};
  none.ready();
  EXPECT_LT(none.environment().socket.size(), 1u);
  // A socket of another family, a name that is too long, and one where nobody listens.
  for (const std::string& name :
       {std::string("vsock:2:1"), "/" + std::string(300, 'x'), std::string("/nowhere/notify")}) {
    Service service({.socket = name, .watchdog = 1s}, 1ms);
    service.ready();
    service.stopping("");
  }
}

}  // namespace
}  // namespace sample
