#include "outbox/survey.hpp"

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

namespace holdfast::outbox {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPageRows = 256;
constexpr std::size_t kPageBytes = std::size_t{1} * 1024 * 1024;

// As Row::bytes(). The length of a payload is read without the payload.
constexpr const char* kRowBytes =
    "length(CAST(topic AS BLOB)) + length(payload) + length(CAST(key AS BLOB)) + "
    "ifnull(length(properties), 0)";
constexpr const char* kDeadBytes = "length(CAST(topic AS BLOB)) + length(payload)";
constexpr const char* kDeadColumns = "SELECT id, topic, payload, code, reason FROM dead ";

std::uint64_t size_of(const fs::path& file) {
  std::error_code error;
  const auto bytes = fs::file_size(file, error);
  return error ? 0 : bytes;
}

std::string on_topic(const std::optional<std::string>& topic) {
  return topic ? " WHERE topic=?1 " : " ";
}

std::string table_of(Survey::Selection::What what) {
  return what == Survey::Selection::What::messages ? "message" : "dead";
}

std::string condition_of(const Survey::Selection& selection) {
  if (selection.ids.empty()) return on_topic(selection.topic);
  std::string list;
  for (const MessageId id : selection.ids) list += (list.empty() ? "" : ",") + std::to_string(id);
  return " WHERE id IN (" + list + ") ";
}

DeadLetter letter_of(const Statement& statement) {
  return {static_cast<MessageId>(statement.number(0)), statement.text(1), statement.blob(2),
          statement.number(3), statement.text(4)};
}

}  // namespace

Survey::Survey(const fs::path& directory)
    : store_({.directory = directory}, Opening::as_it_is), trouble_(store_.trouble()) {
  if (trouble_ == Trouble::none) return;
  why_ = store_.database_.why();
  if (!why_.empty()) return;
  why_ = trouble_ == Trouble::damaged ? "its head or its tables are not those of an outbox"
                                      : "it has no tables yet";
}

void Survey::note(Trouble trouble) {
  if (trouble_ != Trouble::none || trouble == Trouble::none) return;
  trouble_ = trouble;
  why_ = store_.database_.why();
}

Statement Survey::prepare(const std::string& sql, const std::optional<std::string>& topic) {
  Statement statement = store_.database_.prepare(sql);
  if (statement.trouble() == Trouble::none && topic) statement.bind(1, std::string_view(*topic));
  return statement;
}

std::int64_t Survey::number(const std::string& sql) {
  const std::int64_t value = store_.database_.number(sql);
  note(store_.database_.trouble());
  return value;
}

std::uint64_t Survey::file_bytes() const {
  return size_of(file());
}

std::uint64_t Survey::log_bytes() const {
  return size_of(Database::log_of(file()));
}

// --- Sums ----------------------------------------------------------------------------------------

std::vector<Survey::Lane> Survey::lanes(const std::optional<std::string>& topic) {
  std::vector<Lane> lanes;
  Statement statement = prepare("SELECT lane, count(*), sum(" + std::string(kRowBytes) +
                                    "), min(id), max(id), count(expires), min(expires) "
                                    "FROM message" +
                                    on_topic(topic) + "GROUP BY lane ORDER BY lane",
                                topic);
  while (statement.step()) {
    Lane lane{.priority = priority_of(statement.number(0)),
              .messages = static_cast<std::uint64_t>(statement.number(1)),
              .bytes = static_cast<std::uint64_t>(statement.number(2)),
              .oldest = static_cast<MessageId>(statement.number(3)),
              .newest = static_cast<MessageId>(statement.number(4)),
              .with_ttl = static_cast<std::uint64_t>(statement.number(5))};
    if (!statement.is_null(6)) lane.next_expiry = statement.number(6);
    lanes.push_back(lane);
  }
  note(statement.trouble());
  return lanes;
}

void Survey::topics(const std::optional<std::string>& topic,
                    const std::function<bool(const TopicSum&)>& take) {
  // Without its limit the inner query would be merged into the outer one, and SQLite would sort the
  // payloads themselves.
  Statement statement = prepare("SELECT topic, count(*), sum(bytes) FROM (SELECT topic, " +
                                    std::string(kRowBytes) + " AS bytes FROM message" +
                                    on_topic(topic) + "LIMIT -1) GROUP BY topic ORDER BY 3 DESC, 1",
                                topic);
  while (statement.step()) {
    if (!take({statement.text(0), static_cast<std::uint64_t>(statement.number(1)),
               static_cast<std::uint64_t>(statement.number(2))})) {
      return;
    }
  }
  note(statement.trouble());
}

std::uint64_t Survey::dead_count() {
  return static_cast<std::uint64_t>(number("SELECT count(*) FROM dead"));
}

MessageId Survey::last_id() {
  return static_cast<MessageId>(number("SELECT value FROM note WHERE name='last_id'"));
}

std::int64_t Survey::clock() {
  return number("SELECT value FROM note WHERE name='clock'");
}

// --- Rows ----------------------------------------------------------------------------------------

void Survey::rows(const std::optional<std::string>& topic, std::uint64_t count,
                  const std::function<bool(const Row&)>& take) {
  std::optional<Place> from;
  while (count > 0) {
    const auto most = static_cast<std::size_t>(std::min(count, kPageRows));
    const auto page = topic ? store_.read_topic(*topic, from, most, kPageBytes)
                            : store_.read(from, most, kPageBytes);
    note(store_.trouble());
    if (page.empty()) return;
    for (const Row& row : page) {
      if (!take(row)) return;
    }
    if (trouble_ != Trouble::none) return;
    count -= page.size();
    from = page.back().place.after();
  }
}

void Survey::dead(const std::function<bool(const DeadLetter&)>& take) {
  Statement statement = prepare(std::string(kDeadColumns) + "ORDER BY id", {});
  while (statement.step()) {
    if (!take(letter_of(statement))) return;
  }
  note(statement.trouble());
}

std::optional<DeadLetter> Survey::dead_letter(MessageId id) {
  Statement statement = prepare(std::string(kDeadColumns) + "WHERE id=" + std::to_string(id), {});
  std::optional<DeadLetter> letter;
  if (statement.step()) letter = letter_of(statement);
  note(statement.trouble());
  return letter;
}

// --- Dropping ------------------------------------------------------------------------------------

Survey::Load Survey::sum(const Selection& selection) {
  Statement statement = prepare(
      "SELECT count(*), sum(" +
          std::string(selection.what == Selection::What::messages ? kRowBytes : kDeadBytes) +
          ") FROM " + table_of(selection.what) + condition_of(selection),
      selection.topic);
  Load load;
  if (statement.step()) {
    load = {static_cast<std::uint64_t>(statement.number(0)),
            static_cast<std::uint64_t>(statement.number(1))};
  }
  note(statement.trouble());
  return load;
}

Survey::Load Survey::left(Selection::What what) {
  return sum({.what = what, .topic = {}, .ids = {}});
}

std::vector<MessageId> Survey::missing(const Selection& selection) {
  std::set<MessageId> wanted(selection.ids.begin(), selection.ids.end());
  if (wanted.empty()) return {};
  Statement statement =
      prepare("SELECT id FROM " + table_of(selection.what) + condition_of(selection), {});
  while (statement.step()) wanted.erase(static_cast<MessageId>(statement.number(0)));
  note(statement.trouble());
  return {wanted.begin(), wanted.end()};
}

bool Survey::is_sound() {
  Statement statement = prepare("PRAGMA quick_check(1)", {});
  const std::string verdict = statement.step() ? statement.text(0) : "";
  note(statement.trouble());
  if (trouble_ == Trouble::none && verdict != "ok") {
    trouble_ = Trouble::damaged;
    why_ = verdict.substr(verdict.rfind('\n') + 1);  // its first line names the database
  }
  return trouble_ == Trouble::none;
}

Survey::Load Survey::drop(const Selection& selection) {
  if (trouble_ != Trouble::none || !is_sound()) return {};
  note(store_.database_.run("BEGIN IMMEDIATE"));
  const Load load = sum(selection);
  if (trouble_ == Trouble::none) {
    note(prepare("DELETE FROM " + table_of(selection.what) + condition_of(selection),
                 selection.topic)
             .run());
  }
  if (trouble_ == Trouble::none) note(store_.database_.run("COMMIT"));
  if (trouble_ == Trouble::none) {
    give_room_back();
    return load;
  }
  (void)store_.database_.run("ROLLBACK");  // where SQLite has not done it already
  return {};
}

// A little at a time, because the disk may be full. What does not work now is not needed.
void Survey::give_room_back() {
  std::int64_t free_pages = store_.database_.number("PRAGMA freelist_count");
  while (free_pages > 0) {
    store_.tidy();
    const std::int64_t before =
        std::exchange(free_pages, store_.database_.number("PRAGMA freelist_count"));
    if (free_pages >= before) break;
  }
  (void)store_.database_.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace holdfast::outbox
