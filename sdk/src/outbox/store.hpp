// The outbox's file: rows that wait for delivery, and dead letters, in one SQLite database
// (docs/formats/outbox.md). It knows no policy: what goes in, out and where is told by a batch, and
// a batch is one transaction, on the disk when `commit` returns.
//
// Threads: one at a time. Every member may block on the disk.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/message.hpp>
#include <holdfast/options.hpp>

#include "base/failure.hpp"
#include "base/properties.hpp"
#include "outbox/database.hpp"
#include "outbox/place.hpp"

namespace holdfast::outbox {

/// The priority by its column in the file, where urgent rows come first.
Priority priority_of(std::int64_t lane);

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
  Properties properties;

  std::size_t bytes() const {
    return topic.size() + payload.size() + key.size() + properties.size();
  }
};

struct DeadLetter {
  MessageId id = 0;
  std::string topic;
  std::vector<std::byte> payload;
  std::int64_t code = 0;  ///< of the error (`Errc`)
  std::string reason;
};

/// A row that may have to go, without its payload.
struct Victim {
  Place place;
  std::string topic;
  bool of_stream = false;
  std::size_t bytes = 0;
};

/// One transaction.
struct Batch {
  struct Numbered {
    Place place;
    StreamNumber number;
  };

  /// Time that passed unseen is taken off the times to live of the rows up to a number.
  struct Shorten {
    MessageId last_id = 0;
    std::int64_t milliseconds = 0;
  };

  std::vector<Row> in;
  std::vector<Row> changed;  ///< rows that are there, and hold this from now on
  std::vector<Numbered> numbered;
  std::vector<Place> out;
  std::vector<DeadLetter> dead;
  std::optional<Shorten> shorten;
  std::int64_t clock = 0;  ///< what the outbox's clock shows, in milliseconds
  std::uint64_t wall = 0;  ///< seconds since 1970; 0: nobody knows
  bool notes_time = true;  ///< these two are written: one page more

  bool empty() const {
    return in.empty() && changed.empty() && numbered.empty() && out.empty() && dead.empty() &&
           !shorten;
  }
};

struct StoreOptions {
  std::filesystem::path directory;
  std::uint64_t max_file_bytes = std::uint64_t{256} * 1024 * 1024;
  // The oldest dead letters go where there are more, or where they have more bytes (topic and
  // payload): what waits needs the room.
  std::size_t max_dead = 1'000;
  std::size_t max_dead_bytes = std::size_t{4} * 1024 * 1024;
  std::string vfs;  ///< of SQLite's; empty: its own
};

class Store {
 public:
  /// Opens the file of this format, or makes it. What is damaged is set aside under another name,
  /// and a fresh file made. @param remark what the user should know of that
  /// @return empty, and `failure` set, if there is no file to work with
  static std::unique_ptr<Store> open(const StoreOptions& options, std::string& remark,
                                     Failure& failure);

  /// Gives the file another name, so that the next `open` makes a fresh one: for one that was found
  /// damaged only when it was in use. @param remark what the user should know of that
  /// @return false, and `failure` set, if that is not possible
  static bool set_aside(const StoreOptions& options, std::string& remark, Failure& failure);

  /// Writes a batch, all of it or nothing, and syncs it.
  Failure commit(const Batch& batch);
  /// How the last failure has to be taken.
  Trouble trouble() const { return trouble_; }

  // What cannot be read is left out; `failure_of_reading` tells.

  /// The first rows at or after a place (empty: from the first), at most `count` of them and about
  /// `bytes` bytes.
  std::vector<Row> read(const std::optional<Place>& from, std::size_t count, std::size_t bytes);
  /// The same of the rows with one topic.
  std::vector<Row> read_topic(const std::string& topic, const std::optional<Place>& from,
                              std::size_t count, std::size_t bytes);
  /// Rows whose time is over, at most `count`.
  std::vector<Row> expired(std::int64_t clock, std::size_t count);
  /// When the next time to live ends.
  std::optional<std::int64_t> next_expiry();
  void begin_reading() { trouble_ = Trouble::none; }
  /// Of what was read since then, or since the last commit.
  Failure failure_of_reading() const;
  /// The rows that have a key.
  std::vector<Row> keyed();
  /// The oldest rows, at most `count`. @param stream of this stream's topic only
  /// @param lowest_first all of the lowest priority come before those of the next
  std::vector<Victim> oldest(const std::optional<std::string>& stream, bool lowest_first,
                             std::size_t count);
  /// Gives free pages back to the file system, a few at a time.
  void tidy();
  /// Oldest first.
  std::vector<DeadLetter> dead(std::size_t count);

  struct Totals {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t dead = 0;
    MessageId last_id = 0;   ///< no higher number was ever given
    std::int64_t clock = 0;  ///< what the outbox's clock showed last
    std::uint64_t wall = 0;  ///< and the wall clock; 0: nobody knew
  };
  /// What waits, by stream and priority.
  struct Load {
    Priority priority = Priority::normal;
    bool of_stream = false;
    std::string topic;  ///< of a stream
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
  };

  /// What waits by stream and priority, and all together; a pass over the whole file.
  struct Sums {
    Totals totals;
    std::vector<Load> loads;
  };
  Sums sums();
  Totals totals() { return sums().totals; }
  /// As they were when the file was opened.
  const Sums& found() const { return found_; }

  /// The file, for messages to people.
  const std::filesystem::path& file() const { return file_; }
  static std::filesystem::path file_in(const std::filesystem::path& directory);
  /// Files of formats that only a newer SDK knows.
  static std::vector<std::filesystem::path> newer_in(const std::filesystem::path& directory);

 private:
  friend class Survey;  // survey.hpp: what a person asks of the file

  explicit Store(const StoreOptions& options, Opening opening = Opening::make);

  Trouble prepare(Opening opening);
  Trouble make_tables();
  Trouble find_tables();
  Trouble check();
  Trouble write(const Batch& batch);
  void note_reading(Trouble trouble);
  Trouble note(std::string_view name, std::int64_t value);
  std::vector<Row> rows_of(Statement& statement, std::size_t count, std::size_t bytes);
  Failure explain(Trouble trouble, const std::string& what) const;

  StoreOptions options_;
  std::filesystem::path file_;
  Database database_;
  Trouble trouble_ = Trouble::none;
  Sums found_;
  MessageId reserved_ = 0;  // numbers up to this one are not given again by a later start
  struct Statements {
    Statement insert, number, remove, bury, trim_dead, note;
    Statement from_first, from_place, expired, next_expiry, keyed, dead;
  };
  Statements statements_;  // after the database: they end before it
};

}  // namespace holdfast::outbox
