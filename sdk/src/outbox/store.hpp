// The outbox's file: rows that wait for delivery, and dead letters, in one SQLite database
// (docs/formats/outbox.md). It knows no policy: what goes in, out and where is told by a batch, and
// a batch is one transaction, on the disk when `commit` returns.
//
// Threads: one at a time. Every member may block on the disk.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/message.hpp>
#include <holdfast/options.hpp>

#include "base/failure.hpp"
#include "outbox/database.hpp"

namespace holdfast::outbox {

/// Where a row stands: urgent before normal before low, then by rank (shelf.hpp), then by number.
struct Place {
  Priority priority = Priority::normal;
  std::int64_t rank = 0;
  MessageId id = 0;

  friend bool operator==(const Place&, const Place&) = default;
};

/// The number of a stream's message, given when it is first handed to MQTT.
struct StreamNumber {
  std::uint64_t epoch = 0;
  std::uint32_t sequence = 0;

  friend bool operator==(const StreamNumber&, const StreamNumber&) = default;
};

struct Row {
  Place place;
  std::string topic;
  std::vector<std::byte> payload;
  Retain retain = Retain::no;
  std::string key;
  bool of_stream = false;               ///< sealed into an envelope when it is sent
  std::optional<StreamNumber> number;   ///< of a stream's message that was handed over
  std::optional<std::int64_t> expires;  ///< milliseconds by the outbox's own clock

  std::size_t bytes() const { return topic.size() + payload.size() + key.size(); }
};

struct DeadLetter {
  MessageId id = 0;
  std::string topic;
  std::vector<std::byte> payload;
  std::int64_t code = 0;  ///< of the error (`Errc`)
  std::string reason;
};

/// One transaction.
struct Batch {
  struct Numbered {
    Place place;
    StreamNumber number;
  };

  std::vector<Row> in;
  std::vector<Numbered> numbered;
  std::vector<Place> out;
  std::vector<DeadLetter> dead;
  std::int64_t clock = 0;  ///< what the outbox's clock shows, in milliseconds

  bool empty() const { return in.empty() && numbered.empty() && out.empty() && dead.empty(); }
};

struct StoreOptions {
  std::filesystem::path directory;
  std::uint64_t max_file_bytes = std::uint64_t{256} * 1024 * 1024;
  std::size_t max_dead = 1'000;
  std::string vfs;  ///< of SQLite's; empty: its own
};

class Store {
 public:
  /// Opens the file of this format, or makes it. What is damaged is set aside under another name,
  /// and a fresh file made. @param remark what the user should know of that
  /// @return empty, and `failure` set, if there is no file to work with
  static std::unique_ptr<Store> open(const StoreOptions& options, std::string& remark,
                                     Failure& failure);

  /// Writes a batch, all of it or nothing, and syncs it.
  Failure commit(const Batch& batch);
  /// How the last failure has to be taken.
  Trouble trouble() const { return trouble_; }

  /// The first rows at or after a place (empty: from the first), at most `count` of them and about
  /// `bytes` bytes.
  std::vector<Row> read(const std::optional<Place>& from, std::size_t count, std::size_t bytes);
  /// Rows whose time is over, at most `count`.
  std::vector<Row> expired(std::int64_t clock, std::size_t count);
  /// When the next time to live ends.
  std::optional<std::int64_t> next_expiry();
  /// Oldest first.
  std::vector<DeadLetter> dead(std::size_t count);

  struct Totals {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t dead = 0;
    MessageId last_id = 0;   ///< the highest number that was ever given
    std::int64_t clock = 0;  ///< what the outbox's clock showed last
  };
  Totals totals();

  /// The file, for messages to people.
  const std::filesystem::path& file() const { return file_; }
  static std::filesystem::path file_in(const std::filesystem::path& directory);

 private:
  Store(const StoreOptions& options);

  Trouble prepare();
  Trouble make_tables();
  Trouble write(const Batch& batch);
  std::vector<Row> rows_of(Statement& statement, std::size_t count, std::size_t bytes);
  Failure explain(Trouble trouble, const std::string& what) const;

  StoreOptions options_;
  std::filesystem::path file_;
  Database database_;
  Trouble trouble_ = Trouble::none;
  struct Statements {
    Statement insert, number, remove, bury, trim_dead, note_clock, note_id;
    Statement from_first, from_place, expired, next_expiry, dead;
  };
  Statements statements_;  // after the database: they end before it
};

}  // namespace holdfast::outbox
