// SQLite's C interface with owners. The only file that includes it is database.cpp.
//
// Threads: one at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace holdfast::outbox {

/// What SQLite said, as far as it makes a difference here.
enum class Trouble : std::uint8_t {
  none,
  full,     ///< no room: on the disk, in the quota, or below the file's own bound
  damaged,  ///< not a database, or one whose pages contradict each other
  failed,   ///< anything else: read-only, I/O error, no memory
};

/// A prepared statement. Bound blobs and texts have to live until `reset`.
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* database, const std::string& sql);

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, const std::optional<std::int64_t>& value);
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, std::span<const std::byte> blob);

  /// One row further. @return false at the end, or when it failed
  bool step();
  Trouble trouble() const { return trouble_; }
  /// Runs it to its end and makes it ready for the next time.
  Trouble run();
  void reset();

  bool is_null(int column) const;
  bool is_number(int column) const;  ///< an integer, that is
  std::int64_t number(int column) const;
  std::string text(int column) const;
  std::vector<std::byte> blob(int column) const;

 private:
  struct Finalise {
    void operator()(sqlite3_stmt* statement) const;
  };

  std::unique_ptr<sqlite3_stmt, Finalise> statement_;
  Trouble trouble_ = Trouble::none;
};

enum class Opening : std::uint8_t {
  make,      ///< it is made where it is missing
  as_it_is,  ///< it has to be there; only what is run on it changes it, neither opening nor closing
};

class Database {
 public:
  /// `trouble()` tells how it went. @param vfs empty: SQLite's own
  Database(const std::filesystem::path& file, const std::string& vfs,
           Opening opening = Opening::make);

  Trouble trouble() const { return trouble_; }
  /// What went wrong last, as SQLite puts it; empty: nothing did.
  std::string why() const;
  /// Whether the call that failed last, with nothing called since, failed by what is in the file:
  /// SQLite does not know its format or does not write it, or it has other tables.
  bool blames_content() const;

  Trouble run(const std::string& sql);
  Statement prepare(const std::string& sql) { return {handle_.get(), sql}; }
  /// The first column of the first row; 0 if there is none.
  std::int64_t number(const std::string& sql);

  /// The write-ahead log that belongs to a file.
  static std::filesystem::path log_of(std::filesystem::path file);

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };

  std::unique_ptr<sqlite3, Close> handle_;
  Trouble trouble_ = Trouble::none;
  bool is_read_only_ = false;
};

}  // namespace holdfast::outbox
