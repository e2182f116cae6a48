// The book: what was spent, by day and since installation. Pure.
//
// A day is one of the calendar in UTC, and counts once the time is known. What was spent before is
// remembered by the hour, and goes to its day as soon as the time is known; what is older, or was
// spent by an earlier process that never knew the time, stays with the unknown day.

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <holdfast/status.hpp>

#include "base/clock.hpp"

namespace holdfast::ledger {

/// Where it is kept in `state_dir`.
inline constexpr const char* kBookName = "ledger";
inline constexpr unsigned kBookFormat = 1;

/// What is kept across restarts (docs/formats/ledger.md).
struct BookState {
  Account installation;
  Account unknown_day;
  std::map<std::uint32_t, Account> days;  ///< by days since 1970
};

std::vector<std::uint8_t> encode_book(const BookState& state);
/// @return empty and `why` set for bytes that are no book.
std::optional<BookState> decode_book(std::span<const std::uint8_t> bytes, std::string& why);

class Book {
 public:
  explicit Book(BookState state = {}) : state_(std::move(state)) {}

  /// What was spent since the last call. @param wall seconds since 1970; empty while nobody knows
  void add(const Account& spent, Instant now, std::optional<std::uint64_t> wall);

  /// When the next day begins: by then what was spent has to be added.
  static std::optional<Instant> next_day(Instant now, std::optional<std::uint64_t> wall);

  const BookState& state() const { return state_; }
  std::vector<DayAccount> days() const;

 private:
  struct Undated {
    Instant at;
    Account account;
  };

  // Two days of hours.
  static constexpr std::size_t kMostUndated = 48;

  void add_to_day(const Account& spent, std::uint64_t wall);
  void note_undated(const Account& spent, Instant now);
  void date(Instant now, std::uint64_t wall);

  BookState state_;
  std::deque<Undated> undated_;  // contained in state_.unknown_day
  std::optional<Instant> last_;
};

}  // namespace holdfast::ledger
