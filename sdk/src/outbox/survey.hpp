// What a person asks of an outbox's file: sums, rows one after another, and to drop some. In memory
// is no more than a page of rows, however many there are.
//
// Threads: one at a time. Every member blocks on the disk. After each, `trouble()` tells whether it
// saw all of it; the first trouble stays.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "outbox/store.hpp"

namespace holdfast::outbox {

class Survey {
 public:
  /// Opens the file of a directory as it is: nothing is made, what is damaged stays where it is,
  /// and a log that a crash has left is read and stays a log.
  explicit Survey(const std::filesystem::path& directory);

  Trouble trouble() const { return trouble_; }
  /// What went wrong, in SQLite's words where it has some.
  const std::string& why() const { return why_; }

  const std::filesystem::path& file() const { return store_.file(); }
  std::uint64_t file_bytes() const;
  /// Of the write-ahead log beside it.
  std::uint64_t log_bytes() const;

  /// What waits at one priority.
  struct Lane {
    Priority priority = Priority::normal;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    MessageId oldest = 0;
    MessageId newest = 0;
    std::uint64_t with_ttl = 0;
    std::optional<std::int64_t> next_expiry;  ///< by the outbox's own clock
  };
  /// Urgent first, and only those at which something waits. @param topic of this one only
  std::vector<Lane> lanes(const std::optional<std::string>& topic);

  struct TopicSum {
    std::string topic;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
  };
  /// Hands over the topics, that with most bytes first, until `take` returns false.
  void topics(const std::optional<std::string>& topic,
              const std::function<bool(const TopicSum&)>& take);
  /// The same with the rows in the order of sending, at most `count`.
  void rows(const std::optional<std::string>& topic, std::uint64_t count,
            const std::function<bool(const Row&)>& take);
  /// The same with the dead letters, oldest first.
  void dead(const std::function<bool(const DeadLetter&)>& take);
  std::optional<DeadLetter> dead_letter(MessageId id);

  std::uint64_t dead_count();
  MessageId last_id();
  std::int64_t clock();

  /// What is to be dropped: all messages, or all dead letters, narrowed by a topic or by numbers.
  struct Selection {
    enum class What : std::uint8_t { messages, dead_letters };

    What what = What::messages;
    std::optional<std::string> topic;
    std::vector<MessageId> ids;
  };
  /// Those of the numbers that are not there.
  std::vector<MessageId> missing(const Selection& selection);

  struct Load {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
  };
  /// All of it or nothing, and on the disk; then the file is made as small as it may be. One that
  /// contradicts itself is not written to.
  Load drop(const Selection& selection);
  Load left(Selection::What what);

 private:
  Statement prepare(const std::string& sql, const std::optional<std::string>& topic);
  void note(Trouble trouble);
  std::int64_t number(const std::string& sql);
  Load sum(const Selection& selection);
  bool is_sound();
  void give_room_back();

  Store store_;
  Trouble trouble_ = Trouble::none;
  std::string why_;
};

}  // namespace holdfast::outbox
