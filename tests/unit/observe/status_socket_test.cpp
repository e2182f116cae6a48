// Does the socket answer its owner and nobody else, whoever else there was or is, and does no
// client hold it up? The clients here are blocking sockets of a second thread.

#include "observe/status_socket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "base/descriptor.hpp"
#include "observe/socket_path.hpp"
#include "support/event_wait.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::observe {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr auto kBound = 30s;

// A client whose calls end, whatever the server does.
class Client {
 public:
  explicit Client(const fs::path& state_dir) : socket_(connect_to_status(state_dir, kBound)) {
    const timeval bound{std::chrono::seconds(kBound).count(), 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
  }
  bool is_connected() const { return socket_.get() >= 0; }
  void say(const std::string& text) const {
    ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }
  void end_saying() const { ::shutdown(socket_.get(), SHUT_WR); }
  void go() { socket_ = Descriptor(); }
  /// Empty at the end.
  std::string hear() const {
    std::string text(64 * 1024, '\0');
    const ssize_t bytes = ::recv(socket_.get(), text.data(), text.size(), 0);
    text.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
    return text;
  }
  std::string hear_all() const {
    std::string all;
    for (std::string some = hear(); !some.empty(); some = hear()) all += some;
    return all;
  }
  std::string hear_until(const std::string& end) const {
    std::string all;
    while (all.find(end) == std::string::npos) {
      const std::string some = hear();
      if (some.empty()) break;
      all += some;
    }
    return all;
  }

 private:
  Descriptor socket_;
};

class StatusSocketTest : public testing::Test {
 protected:
  StatusSocketTest() : work_(io_.get_executor()), thread_([this] { io_.run(); }) {}
  ~StatusSocketTest() override {
    run([this] {
      streams_.clear();
      socket_.reset();
    });
    work_.reset();
    io_.stop();
    thread_.join();
  }

  // On the socket's thread.
  template <class Work>
  void run(Work work) {
    std::promise<void> done;
    asio::post(io_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  StatusSocket::Events events() {
    return {.answer = [this](const Request& request) { return answer(request); },
            .warning = [this](std::string what) { warnings_.append(std::move(what)); }};
  }
  Failure open(const fs::path& directory,
               std::chrono::milliseconds patience = limits::kStatusTime) {
    Failure failure;
    run([&] {
      socket_.emplace(io_.get_executor(), events(), patience);
      failure = socket_->open(directory);
    });
    return failure;
  }
  Failure open() { return open(temp_.path()); }

  // "events N": a stream; "status": a short answer; "metrics": a long one; "trace": a source.
  Answer answer(const Request& request) {
    if (request.what == Request::What::trace) {
      Answer answer;
      answer.source = std::make_unique<ScriptedSource>(*this);
      return answer;
    }
    if (request.what == Request::What::status) return {"well\n"};
    if (request.what == Request::What::metrics) return {std::string(kLong, 'x')};
    return {"first\n", [this](std::shared_ptr<Stream> stream) {
              streams_.push_back(std::move(stream));
              stream_count_.append(streams_.size());
            }};
  }
  std::string ask(const std::string& request) {
    const Client client(temp_.path());
    client.say(request);
    return client.hear_all();
  }
  fs::path path() const { return temp_.path() / "status.sock"; }

  // Gives what `bring` has put there, and its last word when it is ended.
  class ScriptedSource final : public Source {
   public:
    explicit ScriptedSource(StatusSocketTest& test) : test_(test) { test_.source_ = this; }
    ~ScriptedSource() override {
      test_.source_ = nullptr;
      test_.sources_gone_.append(finished_);
    }
    void on_ready(std::function<void()> ready) override { ready_ = std::move(ready); }
    std::string take() override { return std::exchange(waiting_, {}); }
    void finish() override {
      if (!std::exchange(finished_, true)) waiting_ += "the end";
    }
    bool finished() const override { return finished_; }
    void bring(const std::string& text) {
      const bool was_empty = waiting_.empty();
      waiting_ += text;
      if (was_empty && ready_) ready_();
    }

   private:
    StatusSocketTest& test_;
    std::function<void()> ready_;
    std::string waiting_ = "head ";
    bool finished_ = false;
  };

  std::unique_ptr<Client> begin_source() {
    auto client = std::make_unique<Client>(temp_.path());
    client->say("trace\n");
    EXPECT_EQ(client->hear_until("head "), "head ");
    return client;
  }
  void bring(const std::string& text) {
    run([&] { source_->bring(text); });
  }

  static constexpr std::size_t kLong = 4'000'000;
  test::TempDir temp_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::optional<StatusSocket> socket_;
  std::vector<std::shared_ptr<Stream>> streams_;  // the socket's thread's
  test::EventLog<std::string> warnings_;
  test::EventLog<std::size_t> stream_count_;
  ScriptedSource* source_ = nullptr;  // the socket's thread's
  test::EventLog<bool> sources_gone_;
  std::thread thread_;
};

TEST_F(StatusSocketTest, AnswersOneRequestAndEnds) {
  ASSERT_FALSE(open());
  EXPECT_EQ(ask("status\n"), "well\n");
  EXPECT_EQ(ask("status\r\n"), "well\n");
  EXPECT_EQ(ask("status\nstatus\n"), "well\n");
  EXPECT_EQ(ask("metrics\n").size(), kLong);
}

TEST_F(StatusSocketTest, SaysWhatIsWrongWithARequest) {
  ASSERT_FALSE(open());
  EXPECT_THAT(ask("reboot\n"), HasSubstr("\\\"reboot\\\" is no request"));
  EXPECT_THAT(ask(std::string(5'000, 'x')), HasSubstr("a request is one line of at most 128"));
}

TEST_F(StatusSocketTest, ARequestMayComeInPieces) {
  ASSERT_FALSE(open());
  const Client client(temp_.path());
  for (const char c : std::string("status\n")) client.say(std::string(1, c));
  EXPECT_EQ(client.hear_all(), "well\n");
}

TEST_F(StatusSocketTest, AClientThatGoesIsForgotten) {
  ASSERT_FALSE(open());
  for (int n = 0; n < 20; ++n) {
    Client client(temp_.path());
    client.say(n % 2 == 0 ? "stat" : "metrics\n");
    client.go();
  }
  EXPECT_EQ(ask("status\n"), "well\n");
}

TEST_F(StatusSocketTest, IsForItsOwnerOnly) {
  ASSERT_FALSE(open());
  struct stat is {};
  ASSERT_EQ(::lstat(path().c_str(), &is), 0);
  EXPECT_TRUE(S_ISSOCK(is.st_mode));
  EXPECT_EQ(is.st_mode & 0777U, 0600U);
}

// With the mode of the file out of the way, so that the check of the peer is what refuses.
TEST_F(StatusSocketTest, AnotherUserIsNotLetIn) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  ASSERT_FALSE(open());
  fs::permissions(temp_.path(), fs::perms::all);
  fs::permissions(path(), fs::perms::all);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setresuid(65534, 65534, 65534) != 0) ::_exit(3);
    const Client client(temp_.path());
    client.say("status\n");
    ::_exit(!client.is_connected() ? 2 : client.hear().empty() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0) << "1: it was answered";
  ASSERT_TRUE(warnings_.wait_for_count(1, kBound));
  EXPECT_THAT(warnings_.all().front(), HasSubstr("user 65534"));
  EXPECT_EQ(ask("status\n"), "well\n");
}

// --- Its place -----------------------------------------------------------------------------------

TEST_F(StatusSocketTest, IsReachedHoweverLongThePathIs) {
  const fs::path deep = temp_.path() / std::string(120, 'a') / std::string(120, 'b');
  fs::create_directories(deep);
  ASSERT_FALSE(open(deep));
  EXPECT_TRUE(fs::is_socket(deep / "status.sock"));
  const Client client(deep);
  client.say("status\n");
  EXPECT_EQ(client.hear_all(), "well\n");
  run([this] { socket_->close(); });
  EXPECT_FALSE(fs::exists(deep / "status.sock"));
}

TEST_F(StatusSocketTest, ReplacesWhatADeadProcessHasLeft) {
  {
    ASSERT_FALSE(open());
    fs::rename(path(), temp_.path() / "left");
    run([this] { socket_.reset(); });
    fs::rename(temp_.path() / "left", path());
  }
  ASSERT_TRUE(fs::is_socket(path()));
  EXPECT_FALSE(Client(temp_.path()).is_connected());
  ASSERT_FALSE(open());
  EXPECT_EQ(ask("status\n"), "well\n");
}

TEST_F(StatusSocketTest, LeavesALivingOneAlone) {
  ASSERT_FALSE(open());
  run([this] {
    StatusSocket other(io_.get_executor(), events());
    const Failure failure = other.open(temp_.path());
    EXPECT_THAT(failure.detail, HasSubstr("another process answers"));
  });
  EXPECT_EQ(ask("status\n"), "well\n");
}

TEST_F(StatusSocketTest, LeavesAloneWhatIsNoSocket) {
  test::write_file(path(), "a person's");
  EXPECT_THAT(open().detail, HasSubstr("something else has its name"));
  run([this] { socket_.reset(); });
  EXPECT_EQ(test::read_file(path()), "a person's");
}

TEST_F(StatusSocketTest, ADirectoryThatIsNotThereIsAFailure) {
  EXPECT_TRUE(open(temp_.path() / "nowhere"));
  EXPECT_TRUE(open(temp_.path() / std::string(200, 'x')));
}

TEST_F(StatusSocketTest, IsRemovedAndClientsSeeTheEnd) {
  ASSERT_FALSE(open());
  const Client silent(temp_.path());
  const Client stream(temp_.path());
  stream.say("events\n");
  EXPECT_EQ(stream.hear(), "first\n");
  run([this] { socket_->close(); });
  EXPECT_FALSE(fs::exists(fs::symlink_status(path())));
  EXPECT_THAT(silent.hear_all(), IsEmpty());
  EXPECT_THAT(stream.hear_all(), IsEmpty());
  run([this] { EXPECT_FALSE(streams_.at(0)->is_open()); });
}

TEST_F(StatusSocketTest, LeavesTheSocketOfASuccessor) {
  ASSERT_FALSE(open());
  fs::remove(path());
  std::optional<StatusSocket> other;
  run([&] {
    other.emplace(io_.get_executor(), events());
    EXPECT_FALSE(other->open(temp_.path()));
  });
  run([this] { socket_->close(); });
  EXPECT_EQ(ask("status\n"), "well\n");
  run([&] { other.reset(); });
}

// --- Bounds --------------------------------------------------------------------------------------

TEST_F(StatusSocketTest, ClientsThatSayNothingMakeRoomInTime) {
  ASSERT_FALSE(open(temp_.path(), 50ms));
  std::vector<std::unique_ptr<Client>> silent;
  for (std::size_t n = 0; n < limits::kStatusClients; ++n) {
    silent.push_back(std::make_unique<Client>(temp_.path()));
    ASSERT_TRUE(silent.back()->is_connected());
  }
  EXPECT_EQ(ask("status\n"), "well\n") << "it waits in the kernel's queue";
  EXPECT_THAT(silent.front()->hear_all(), IsEmpty());
}

TEST_F(StatusSocketTest, AClientThatNeverReadsDisturbsNobody) {
  ASSERT_FALSE(open());
  const Client deaf(temp_.path());
  deaf.say("metrics\n");
  for (int n = 0; n < 3; ++n) EXPECT_EQ(ask("status\n"), "well\n");
}

// --- Streams -------------------------------------------------------------------------------------

class StatusStreamTest : public StatusSocketTest {
 protected:
  void SetUp() override { ASSERT_FALSE(open()); }

  // It is the nth.
  std::unique_ptr<Client> begin_stream(std::size_t nth) {
    auto client = std::make_unique<Client>(temp_.path());
    client->say("events\n");
    EXPECT_EQ(client->hear_until("\n"), "first\n");
    EXPECT_TRUE(stream_count_.wait_for_count(nth, kBound));
    return client;
  }
  void send(std::size_t stream, const std::string& line) {
    run([&] { streams_.at(stream)->send(line); });
  }
  // Waits until the device sees it.
  bool ends(std::size_t stream) {
    const auto deadline = std::chrono::steady_clock::now() + kBound;
    bool open = true;
    while (open && std::chrono::steady_clock::now() < deadline) {
      run([&] { open = streams_.at(stream)->is_open(); });
    }
    return !open;
  }
};

TEST_F(StatusStreamTest, BringsLineByLine) {
  const auto client = begin_stream(1);
  send(0, "{\"n\":1}");
  EXPECT_EQ(client->hear_until("\n"), "{\"n\":1}\n");
  send(0, "{\"n\":2}");
  EXPECT_EQ(client->hear_until("\n"), "{\"n\":2}\n");
}

TEST_F(StatusStreamTest, SeesAtOnceThatTheClientHasGone) {
  const auto client = begin_stream(1);
  client->go();
  EXPECT_TRUE(ends(0));
}

TEST_F(StatusStreamTest, AClientThatHasNothingMoreToSayReadsOn) {
  const auto client = begin_stream(1);
  client->end_saying();
  for (int n = 0; n < 3; ++n) {
    run([] {});
    send(0, "more");
    EXPECT_EQ(client->hear_until("\n"), "more\n");
  }
  client->go();
  EXPECT_TRUE(ends(0));
}

TEST_F(StatusStreamTest, WhatASlowClientMissesIsCounted) {
  const auto client = begin_stream(1);
  const std::string line(64 * 1024, 'x');
  run([&] {
    for (int n = 0; n < 40; ++n) streams_.at(0)->send(line);
  });
  const std::string all = client->hear_until("\n" + line + "\n");
  std::size_t heard = 0;
  EXPECT_THAT(all, StartsWith("xxx"));
  send(0, "again");
  const std::string rest = client->hear_until("again\n");
  for (const char c : all + rest) heard += c == '\n' ? 1 : 0;
  EXPECT_THAT(rest, HasSubstr("{\"left_out\":"));
  EXPECT_LT(heard, 40U);
}

using StatusSourceTest = StatusSocketTest;

TEST_F(StatusSourceTest, IsSentAsItComesAndEndsWhenTheClientHasNothingMoreToSay) {
  ASSERT_FALSE(open());
  const auto client = begin_source();
  bring("one ");
  EXPECT_EQ(client->hear_until("one "), "one ");
  const std::string large(3'000'000, 'x');  // more than the kernel takes at once
  bring(large);
  bring("two ");
  EXPECT_EQ(client->hear_until("two "), large + "two ");
  client->end_saying();
  EXPECT_EQ(client->hear_all(), "the end");
  EXPECT_TRUE(sources_gone_.wait_for_count(1, kBound));
}

TEST_F(StatusSourceTest, GoesWithItsClient) {
  ASSERT_FALSE(open());
  const auto client = begin_source();
  client->go();
  EXPECT_TRUE(sources_gone_.wait_for_count(1, kBound));
  EXPECT_EQ(ask("status\n"), "well\n");
}

TEST_F(StatusSourceTest, TakesItsLeaveWhenTheDeviceEnds) {
  ASSERT_FALSE(open());
  const auto client = begin_source();
  run([&] {
    source_->bring("last ");
    socket_->close();
  });
  EXPECT_EQ(client->hear_all(), "last the end");
  EXPECT_EQ(sources_gone_.size(), 1U);
}

TEST_F(StatusStreamTest, LeavesRoomForQuestions) {
  std::vector<std::unique_ptr<Client>> all;
  for (std::size_t n = 1; n <= limits::kStatusStreams; ++n) all.push_back(begin_stream(n));
  EXPECT_THAT(ask("events\n"), HasSubstr("streams already"));
  EXPECT_EQ(ask("status\n"), "well\n");
  all.pop_back();
  ASSERT_TRUE(ends(limits::kStatusStreams - 1));
  EXPECT_TRUE(begin_stream(limits::kStatusStreams + 1));
}

}  // namespace
}  // namespace holdfast::observe
