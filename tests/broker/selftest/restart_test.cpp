// Does the suite tell what a broker keeps over a restart and over a kill, and what it forgets?

#include <unistd.h>

#include "selftest/suite_fixture.hpp"
#include "support/ports.hpp"
#include "support/process.hpp"

namespace holdfast::broker_test {
namespace {

using Ids = std::set<std::string>;

// The suite restarts the broker by a command, so the broker is the command's: it is in a file of
// its own which process it is.
class RestartSuiteTest : public SuiteTest {
 protected:
  ~RestartSuiteTest() override { test::run({"/bin/sh", script(), "KILL", "only"}, kRunBound); }

  std::string script() const { return (dir_.path() / "broker.sh").string(); }

  // @param lines of mosquitto.conf
  void make_script(const std::string& lines) {
    port_ = test::unused_port();
    const std::string dir = dir_.path().string();
    test::write_file(dir_.path() / "broker.conf",
                     "listener " + std::to_string(port_) + " 127.0.0.1\ncertfile " +
                         key_.cert_file.string() + "\nkeyfile " + key_.key_file.string() +
                         "\nallow_anonymous true\nset_tcp_nodelay true\nuser root\n"
                         "max_queued_messages 0\n" +
                         lines);
    // A session of its own: the broker outlives the command. PATH of a login shell may lack sbin.
    test::write_file(script(), "PATH=$PATH:/usr/sbin\ncd " + dir + R"sh(
if [ -e pid ]; then
  kill -$1 $(cat pid)
  while kill -0 $(cat pid) 2>/dev/null; do :; done
fi
[ "$2" = only ] && exit 0
: >broker.log
setsid mosquitto -c broker.conf >broker.log 2>&1 </dev/null &
echo $! >pid
timeout 20 sh -c 'until grep -q " running" broker.log; do :; done'
)sh");
    ASSERT_EQ(test::run({"/bin/sh", script(), "TERM"}, kRunBound).status, 0);
  }
  SuiteRun run_restarts() {
    return run(port_, {"--gtest_filter", "resilience.*", "--restart-command",
                       "/bin/sh " + script() + " TERM", "--kill-command",
                       "/bin/sh " + script() + " KILL"});
  }

  SuiteRun run_node_loss(std::uint16_t second_port) {
    return run(port_, {"--gtest_filter", "resilience.node_loss", "--second-broker",
                       "mqtts://localhost:" + std::to_string(second_port), "--kill-command",
                       "/bin/sh " + script() + " KILL"});
  }

  std::uint16_t port_ = 0;
};

TEST_F(RestartSuiteTest, ABrokerThatKeepsItsStatePasses) {
  make_script("persistence true\npersistence_location " + dir_.path().string() + "/\n");
  const SuiteRun run = run_restarts();
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.verdict("resilience.restart_delivery"), "pass");
  EXPECT_EQ(run.verdict("resilience.restart_state"), "pass");
  EXPECT_EQ(run.verdict("resilience.restart_identity"), "pass");
  // It keeps what it has in memory, and the kill takes that.
  EXPECT_EQ(run.verdict("resilience.kill_delivery"), "warning");
}

TEST_F(RestartSuiteTest, ABrokerWithoutPersistenceFailsWhatNeedsIt) {
  make_script("persistence false\n");
  const SuiteRun run = run_restarts();
  EXPECT_EQ(run.status, 1) << run.output;
  EXPECT_EQ(run.with("fail"), (Ids{"resilience.restart_delivery", "resilience.restart_state"}));
}

TEST_F(RestartSuiteTest, ANodeOnItsOwnDoesNotKnowTheSessionOfALostOne) {
  make_script("persistence false\n");
  const auto second = make_broker();
  const SuiteRun run = run_node_loss(second->tls_port());
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.verdict("resilience.node_loss"), "warning") << run.output;
}

}  // namespace
}  // namespace holdfast::broker_test
