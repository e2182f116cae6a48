// Outboxes as a stopped device leaves them, made by the very code that devices run.

#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/cli_fixture.hpp"
#include "outbox/store.hpp"

namespace holdfast::test {

class OutboxCliTest : public CliTest {
 protected:
  static constexpr std::int64_t kClock = 1'000'000;

  OutboxCliTest() { std::filesystem::create_directory(state()); }

  std::filesystem::path state() const { return dir_.path() / "state"; }
  std::filesystem::path file() const { return outbox::Store::file_in(state()); }

  static outbox::Row row(MessageId id, Priority priority = Priority::normal,
                         std::string_view topic = "t", std::string_view payload = "hello") {
    outbox::Row row;
    row.place = {priority, static_cast<std::int64_t>(id), id};
    row.topic = topic;
    const auto bytes = as_payload(payload);
    row.payload.assign(bytes.begin(), bytes.end());
    return row;
  }
  static outbox::DeadLetter letter(MessageId id, std::string_view payload = "hello",
                                   std::string_view reason = "the broker refused the message") {
    const auto bytes = as_payload(payload);
    return {id,
            "t",
            {bytes.begin(), bytes.end()},
            static_cast<int>(Errc::not_authorised),
            std::string(reason)};
  }

  std::unique_ptr<outbox::Store> open() const {
    std::string remark;
    Failure failure;
    auto store = outbox::Store::open({.directory = state()}, remark, failure);
    EXPECT_NE(store, nullptr) << failure.detail;
    EXPECT_EQ(remark, "");
    return store;
  }
  /// Adds to the file what a device would have left there.
  void keep(const std::vector<outbox::Row>& rows,
            const std::vector<outbox::DeadLetter>& dead = {}) const {
    const Failure failure = open()->commit({.in = rows, .dead = dead, .clock = kClock});
    ASSERT_FALSE(failure) << failure.detail;
  }
  /// The same, but the device has crashed: the rows are in the log only.
  void keep_in_log(const std::vector<outbox::Row>& rows) const {
    const auto store = open();
    ASSERT_FALSE(store->commit({.in = rows, .clock = kClock}));
    const auto crashed = dir_.path() / "crashed";
    std::filesystem::copy(state(), crashed);
    std::filesystem::remove_all(state());
    std::filesystem::rename(crashed, state());
    ASSERT_GT(std::filesystem::file_size(file().string() + "-wal"), 0U);
  }

  /// `outbox --state-dir … WORDS…`
  CliResult outbox(Words words) {
    words.insert(words.begin(), {"outbox", "--state-dir", "state"});
    return cli(words);
  }
  std::string told(const Words& words) {
    const CliResult result = outbox(words);
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return result.out;
  }
  nlohmann::json object(const Words& words) { return nlohmann::json::parse(told(words)); }
  /// Must end as a usage error with one line; returns that.
  std::string refused(const Words& words) {
    const CliResult result = outbox(words);
    EXPECT_EQ(result.status, 2) << result.out;
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    return result.err;
  }

  /// All files of the state directory, but for the lock.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(state())) {
      if (entry.path().filename() != "lock") {
        files[entry.path().filename().string()] = read_file(entry.path());
      }
    }
    return files;
  }
  std::vector<MessageId> ids_left() const {
    std::vector<MessageId> ids;
    for (const auto& one : open()->read({}, 1'000, SIZE_MAX)) ids.push_back(one.place.id);
    return ids;
  }
};

}  // namespace holdfast::test
