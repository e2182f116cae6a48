#include "outbox/store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <map>
#include <system_error>
#include <tuple>
#include <utility>

#include <holdfast/limits.hpp>

#include "base/descriptor.hpp"

namespace holdfast::outbox {
namespace {

namespace fs = std::filesystem;

// The format is part of the name: an older SDK leaves a newer file alone without having to know it.
constexpr std::int64_t kFormat = 1;
constexpr const char* kName = "outbox-1.db";
// "HfOb", so that file(1) and a person with a hex editor know whose it is.
constexpr std::int64_t kApplicationId = 0x48664F62;
constexpr std::uint64_t kPageBytes = 4096;
// A checkpoint writes each page once however often it is in the log: seldom is cheap for the flash,
// and 1 MiB is little enough to read again at the next start.
constexpr int kCheckpointPages = 256;
// Of the log that is left. The commit that brings the checkpoint goes beyond that many pages, and
// to cut them off each time would make the file system write down two more changes of a length.
constexpr std::uint64_t kLogBytes = std::uint64_t{2} * kCheckpointPages * kPageBytes;
// Numbers that are noted as given before they are: the note is a page of its own, and not worth it
// for each commit. So many are left out by the next start.
constexpr MessageId kReservedNumbers = 1'024;

// A larger file is not looked through at the start: that would take seconds on a slow card. What is
// wrong with it is seen where it is used.
constexpr std::uint64_t kCheckedBytes = std::uint64_t{32} * 1024 * 1024;
// Numbers are given one by one and never reach it; so there is always one more.
constexpr std::int64_t kMostId = std::int64_t{1} << 62;
// In milliseconds: 139 years.
constexpr std::int64_t kMostClock = std::int64_t{1} << 42;

// By their names, and as SQLite keeps their text. Whatever is changed here is another format.
constexpr std::array kTables = {
    R"sql(CREATE TABLE dead(
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload BLOB NOT NULL, code INTEGER NOT NULL,
    reason TEXT NOT NULL))sql",
    R"sql(CREATE TABLE message(
    lane INTEGER NOT NULL, rank INTEGER NOT NULL, id INTEGER NOT NULL,
    topic TEXT NOT NULL, payload BLOB NOT NULL, retain INTEGER NOT NULL, key TEXT NOT NULL,
    of_stream INTEGER NOT NULL, epoch INTEGER, sequence INTEGER, expires INTEGER, properties BLOB,
    PRIMARY KEY(lane, rank, id)) WITHOUT ROWID)sql",
    "CREATE INDEX message_expires ON message(expires) WHERE expires IS NOT NULL",
    "CREATE TABLE note(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
};

// All that are beyond the bounds, counted from the newest.
constexpr const char* kTrimDead = R"sql(
  DELETE FROM dead WHERE id <= (
    SELECT max(id) FROM (
      SELECT id, row_number() OVER newest AS letters,
             sum(length(CAST(topic AS BLOB)) + length(payload)) OVER newest AS bytes
      FROM dead WINDOW newest AS (ORDER BY id DESC))
    WHERE letters > ?1 OR bytes > ?2)
)sql";

// The length of a payload is read without the payload.
constexpr const char* kSizes =
    "SELECT lane, rank, id, of_stream, CASE WHEN of_stream THEN topic ELSE '' END, "
    "length(CAST(topic AS BLOB)) + length(payload) + length(CAST(key AS BLOB)) + "
    "ifnull(length(properties), 0) FROM message";

constexpr const char* kLastId = "SELECT value FROM note WHERE name='last_id'";

constexpr const char* kColumns =
    "SELECT lane, rank, id, topic, payload, retain, key, of_stream, epoch, sequence, expires, "
    "properties FROM message ";

// Urgent rows come first in the order of the primary key.
std::int64_t lane_of(Priority priority) {
  return static_cast<std::int64_t>(Priority::urgent) - static_cast<std::int64_t>(priority);
}

// SQLite's integers are signed; an epoch uses all 64 bits.
std::int64_t as_signed(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

// So that a damaged time can be reckoned with.
std::int64_t bounded_clock(std::int64_t clock) {
  return std::clamp(clock, -kMostClock, kMostClock);
}

// Another one could neither be read past nor removed.
bool has_our_place(const Statement& row) {
  const auto is_within = [&row](int column, std::int64_t least, std::int64_t most) {
    return row.is_number(column) && row.number(column) >= least && row.number(column) <= most;
  };
  return is_within(0, 0, 2) && is_within(1, -kMostId, kMostId) && is_within(2, 1, kMostId);
}

// Empty for properties that are not ours: the broker would end each connection over them.
std::optional<Row> row_of(const Statement& statement) {
  Row row;
  row.place = {priority_of(statement.number(0)), statement.number(1),
               static_cast<MessageId>(statement.number(2))};
  row.topic = statement.text(3);
  row.payload = statement.blob(4);
  row.retain = statement.number(5) != 0 ? Retain::yes : Retain::no;
  row.key = statement.text(6);
  row.of_stream = statement.number(7) != 0;
  if (!statement.is_null(8)) {
    row.number = {static_cast<std::uint64_t>(statement.number(8)),
                  static_cast<std::uint32_t>(statement.number(9))};
  }
  if (!statement.is_null(10)) row.expires = bounded_clock(statement.number(10));
  if (!statement.is_null(11)) {
    auto properties = Properties::parse(statement.blob(11));
    if (!properties) return std::nullopt;
    row.properties = std::move(*properties);
  }
  return row;
}

Trouble damage_or(Trouble trouble) {
  return trouble == Trouble::none ? Trouble::damaged : trouble;
}

// SQLite makes files that everybody may read; its log has the rights of the file. What cannot be
// made here SQLite cannot make either, and says why.
void make_private(const StoreOptions& options) {
  if (!options.vfs.empty()) return;
  const int file = ::open(Store::file_in(options.directory).c_str(),
                          O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file >= 0) ::close(file);
}

// Or a loss of power may bring the damaged file back under its old name.
void sync_directory(const fs::path& directory) {
  const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() >= 0) ::fsync(opened.get());
}

}  // namespace

Priority priority_of(std::int64_t lane) {
  const auto bounded = std::clamp<std::int64_t>(lane, 0, 2);
  return static_cast<Priority>(static_cast<std::int64_t>(Priority::urgent) - bounded);
}

fs::path Store::file_in(const fs::path& directory) {
  return directory / kName;
}

std::vector<fs::path> Store::newer_in(const fs::path& directory) {
  std::vector<fs::path> newer;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(directory, error)) {
    const std::string name = file.path().filename().string();
    std::int64_t format = 0;
    char end = 0;
    // "%c" matches if something follows: a log, or a file that was set aside.
    if (std::sscanf(name.c_str(), "outbox-%" SCNd64 ".db%c", &format, &end) == 1 &&
        name == "outbox-" + std::to_string(format) + ".db" && format > kFormat) {
      newer.push_back(file.path());
    }
  }
  return newer;
}

Store::Store(const StoreOptions& options, Opening opening)
    : options_(options), file_(file_in(options.directory)), database_(file_, options.vfs, opening) {
  trouble_ = database_.trouble();
  if (trouble_ != Trouble::none) return;
  trouble_ = prepare(opening);
  if (trouble_ == Trouble::failed && database_.blames_content()) trouble_ = Trouble::damaged;
}

bool Store::set_aside(const StoreOptions& options, std::string& remark, Failure& failure) {
  const fs::path file = file_in(options.directory);
  fs::path aside;
  std::error_code error;
  // A flash that is dying must not fill up with them: from then on the last one makes room.
  for (unsigned number = 1; number <= limits::kDamagedFiles; ++number) {
    aside = file;
    aside += ".damaged-" + std::to_string(number);
    if (!fs::exists(aside, error)) break;
  }
  fs::rename(file, aside, error);
  // SQLite's log and index belong to the file: a log that is left behind would be replayed into the
  // fresh one.
  for (const char* suffix : {"-wal", "-shm", "-journal"}) {
    std::error_code ignored;  // as a rule they do not exist
    fs::remove(fs::path(aside) += suffix, ignored);
    fs::rename(fs::path(file) += suffix, fs::path(aside) += suffix, ignored);
  }
  sync_directory(options.directory);
  if (error) {
    failure = Failure(
        Errc::storage_failed,
        "the outbox " + file.string() + " is damaged, and cannot be set aside: " + error.message());
    return false;
  }
  remark = "the outbox was damaged: it is kept as " + aside.string() +
           ", and a fresh one was made; what waited in it is not sent";
  return true;
}

std::unique_ptr<Store> Store::open(const StoreOptions& options, std::string& remark,
                                   Failure& failure) {
  make_private(options);
  std::unique_ptr<Store> store(new Store(options));
  if (store->trouble() == Trouble::damaged) {
    store.reset();
    if (!set_aside(options, remark, failure)) return nullptr;
    make_private(options);
    store.reset(new Store(options));
  }
  if (store->trouble() == Trouble::none) return store;
  failure = store->explain(store->trouble(), "cannot be opened");
  return nullptr;
}

Trouble Store::prepare(Opening opening) {
  // One process owns the directory: with the lock kept, SQLite needs no shared memory beside it.
  // The file may be damaged, or somebody else's: pages are looked at before they are used, and
  // nothing in its schema may call what reaches beyond it.
  constexpr const char* kBeforeReading =
      "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF";
  if (const Trouble trouble = database_.run(kBeforeReading); trouble != Trouble::none) {
    return trouble;
  }
  const std::int64_t format = database_.number("PRAGMA user_version");
  if (database_.trouble() != Trouble::none) return database_.trouble();
  if (format == 0 && opening == Opening::as_it_is) return Trouble::failed;  // a start was cut short
  if (format == 0) {
    // Of a file that exists they need not be said again, and that would write to it: a file must be
    // readable on a disk that is full.
    const Trouble trouble = database_.run("PRAGMA page_size=" + std::to_string(kPageBytes) +
                                          "; PRAGMA auto_vacuum=INCREMENTAL");
    if (trouble != Trouble::none) return trouble;
  }
  const std::string settings =
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
      "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-512; PRAGMA foreign_keys=OFF; "
      // Some builds of SQLite fill each page that gets free with zeros: a third of all that
      // draining writes. Within pages that are written anyway it is done.
      "PRAGMA secure_delete=FAST; "
      "PRAGMA wal_autocheckpoint=" +
      std::to_string(kCheckpointPages) +
      "; PRAGMA journal_size_limit=" + std::to_string(kLogBytes) +
      "; PRAGMA max_page_count=" + std::to_string(options_.max_file_bytes / kPageBytes);
  // What is another's would be changed by more than this.
  const std::string as_it_is = "PRAGMA synchronous=FULL; PRAGMA cache_size=-2048";
  if (const Trouble trouble = database_.run(opening == Opening::make ? settings : as_it_is);
      trouble != Trouble::none) {
    return trouble;
  }
  if (format == 0) {
    if (const Trouble trouble = make_tables(); trouble != Trouble::none) return trouble;
  } else if (format != kFormat || database_.number("PRAGMA application_id") != kApplicationId) {
    return Trouble::damaged;  // the name says that it is ours, and of this format
  }
  if (const Trouble trouble = find_tables(); trouble != Trouble::none) return trouble;
  if (opening == Opening::make) {
    if (const Trouble trouble = check(); trouble != Trouble::none) return trouble;
  }
  statements_ = {
      .insert = database_.prepare("INSERT OR REPLACE INTO message "
                                  "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)"),
      .number = database_.prepare(
          "UPDATE message SET epoch=?4, sequence=?5 WHERE lane=?1 AND rank=?2 AND id=?3"),
      .remove = database_.prepare("DELETE FROM message WHERE lane=?1 AND rank=?2 AND id=?3"),
      .bury = database_.prepare("INSERT OR REPLACE INTO dead VALUES(?1,?2,?3,?4,?5)"),
      .trim_dead = database_.prepare(kTrimDead),
      .note = database_.prepare("INSERT OR REPLACE INTO note VALUES(?1, ?2)"),
      .from_first = database_.prepare(std::string(kColumns) + "ORDER BY lane, rank, id"),
      .from_place = database_.prepare(
          std::string(kColumns) + "WHERE (lane, rank, id) >= (?1, ?2, ?3) ORDER BY lane, rank, id"),
      .expired = database_.prepare(std::string(kColumns) + "WHERE expires <= ?1 ORDER BY expires"),
      .next_expiry =
          database_.prepare("SELECT min(expires) FROM message WHERE expires IS NOT NULL"),
      .keyed = database_.prepare(std::string(kColumns) + "WHERE key <> '' ORDER BY id"),
      .dead = database_.prepare("SELECT id, topic, payload, code, reason FROM dead ORDER BY id"),
  };
  const Statements& all = statements_;
  for (const Statement* one :
       {&all.insert, &all.number, &all.remove, &all.bury, &all.trim_dead, &all.note,
        &all.from_first, &all.from_place, &all.expired, &all.next_expiry, &all.keyed, &all.dead}) {
    // With our format in its head, but without our tables.
    if (one->trouble() != Trouble::none) return Trouble::damaged;
  }
  return database_.trouble();
}

Trouble Store::make_tables() {
  std::string tables;
  for (const char* table : kTables) tables += std::string(table) + ";";
  return database_.run("BEGIN IMMEDIATE;" + tables +
                       "PRAGMA application_id=" + std::to_string(kApplicationId) +
                       "; PRAGMA user_version=" + std::to_string(kFormat) + "; COMMIT");
}

// Exactly ours: a trigger or a view of somebody else would have its way with what we write.
Trouble Store::find_tables() {
  Statement found = database_.prepare("SELECT sql FROM sqlite_master ORDER BY name");
  for (const char* table : kTables) {
    if (!found.step() || found.text(0) != table) return damage_or(found.trouble());
  }
  return found.step() ? Trouble::damaged : found.trouble();
}

// With our format in its head, is it what we have written? Otherwise a page that is used twice
// would be written over, and what is in no order would be read for ever.
Trouble Store::check() {
  // It changes nothing, and fails where nothing can be changed.
  if (const Trouble trouble = database_.run("DELETE FROM note WHERE 0"); trouble != Trouble::none) {
    return trouble;
  }
  const auto page_bytes = static_cast<std::uint64_t>(database_.number("PRAGMA page_size"));
  if (page_bytes != kPageBytes) return damage_or(database_.trouble());
  const auto pages = static_cast<std::uint64_t>(database_.number("PRAGMA page_count"));
  if (pages * kPageBytes <= kCheckedBytes) {
    Statement verdict = database_.prepare("PRAGMA integrity_check(1)");
    if (!verdict.step() || verdict.text(0) != "ok") return damage_or(verdict.trouble());
  }
  begin_reading();
  found_ = sums();
  reserved_ = static_cast<MessageId>(database_.number(kLastId));
  return trouble_;
}

// --- Writing -------------------------------------------------------------------------------------

Failure Store::commit(const Batch& batch) {
  const MessageId reserved_before = reserved_;
  trouble_ = database_.run("BEGIN IMMEDIATE");
  if (trouble_ == Trouble::none) trouble_ = write(batch);
  if (trouble_ == Trouble::none) trouble_ = database_.run("COMMIT");
  if (trouble_ == Trouble::none) return {};
  Failure failure = explain(trouble_, "cannot be written");
  reserved_ = reserved_before;
  (void)database_.run("ROLLBACK");  // where SQLite has not done it already
  return failure;
}

Trouble Store::write(const Batch& batch) {
  const auto at = [](Statement& statement, const Place& place) -> Statement& {
    return statement.bind(1, lane_of(place.priority))
        .bind(2, place.rank)
        .bind(3, as_signed(place.id));
  };
  if (batch.shorten) {  // before those that come now
    const Trouble trouble = database_.run("UPDATE message SET expires = expires - " +
                                          std::to_string(batch.shorten->milliseconds) +
                                          " WHERE expires IS NOT NULL AND id <= " +
                                          std::to_string(as_signed(batch.shorten->last_id)));
    if (trouble != Trouble::none) return trouble;
  }
  MessageId last_id = 0;
  const auto write = [&](const Row& row) {
    std::optional<std::int64_t> epoch;
    std::optional<std::int64_t> sequence;
    if (row.number) {
      epoch = as_signed(row.number->epoch);
      sequence = row.number->sequence;
    }
    at(statements_.insert, row.place)
        .bind(4, std::string_view(row.topic))
        .bind(5, std::span<const std::byte>(row.payload))
        .bind(6, std::int64_t{row.retain == Retain::yes ? 1 : 0})
        .bind(7, std::string_view(row.key))
        .bind(8, std::int64_t{row.of_stream ? 1 : 0})
        .bind(9, epoch)
        .bind(10, sequence)
        .bind(11, row.expires);
    if (!row.properties.empty()) statements_.insert.bind(12, row.properties.bytes());
    return statements_.insert.run();
  };
  for (const Row& row : batch.in) {
    if (const Trouble trouble = write(row); trouble != Trouble::none) return trouble;
    last_id = std::max(last_id, row.place.id);
  }
  for (const Row& row : batch.changed) {
    if (const Trouble trouble = write(row); trouble != Trouble::none) return trouble;
  }
  for (const Batch::Numbered& one : batch.numbered) {
    at(statements_.number, one.place)
        .bind(4, as_signed(one.number.epoch))
        .bind(5, std::int64_t{one.number.sequence});
    if (const Trouble trouble = statements_.number.run(); trouble != Trouble::none) return trouble;
  }
  for (const Place& place : batch.out) {
    if (const Trouble trouble = at(statements_.remove, place).run(); trouble != Trouble::none) {
      return trouble;
    }
  }
  for (const DeadLetter& letter : batch.dead) {
    statements_.bury.bind(1, as_signed(letter.id))
        .bind(2, std::string_view(letter.topic))
        .bind(3, std::span<const std::byte>(letter.payload))
        .bind(4, letter.code)
        .bind(5, std::string_view(letter.reason));
    if (const Trouble trouble = statements_.bury.run(); trouble != Trouble::none) return trouble;
    last_id = std::max(last_id, letter.id);
  }
  if (!batch.dead.empty()) {
    statements_.trim_dead.bind(1, static_cast<std::int64_t>(options_.max_dead))
        .bind(2, static_cast<std::int64_t>(options_.max_dead_bytes));
    if (const Trouble trouble = statements_.trim_dead.run(); trouble != Trouble::none) {
      return trouble;
    }
  }
  // Numbers are given once, also when all rows have gone and the device is started again. A row
  // that could wait longer comes after those with higher ones.
  if (last_id > reserved_) {
    reserved_ = last_id + kReservedNumbers;
    if (const Trouble trouble = note("last_id", as_signed(reserved_)); trouble != Trouble::none) {
      return trouble;
    }
  }
  if (!batch.notes_time) return Trouble::none;
  if (batch.wall > 0) {
    if (const Trouble trouble = note("wall", as_signed(batch.wall)); trouble != Trouble::none) {
      return trouble;
    }
  }
  return note("clock", batch.clock);
}

Trouble Store::note(std::string_view name, std::int64_t value) {
  return statements_.note.bind(1, name).bind(2, value).run();
}

void Store::tidy() {
  (void)database_.run("PRAGMA incremental_vacuum(256)");  // 1 MiB; the rest comes with the next one
}

// --- Reading -------------------------------------------------------------------------------------

void Store::note_reading(Trouble trouble) {
  if (trouble_ == Trouble::none) trouble_ = trouble;
}

Failure Store::failure_of_reading() const {
  return trouble_ == Trouble::none ? Failure() : explain(trouble_, "cannot be read");
}

std::vector<Row> Store::rows_of(Statement& statement, std::size_t count, std::size_t bytes) {
  std::vector<Row> rows;
  std::size_t taken = 0;
  while (rows.size() < count && (rows.empty() || taken < bytes) && statement.step()) {
    auto row = has_our_place(statement) ? row_of(statement) : std::nullopt;
    if (!row) {
      note_reading(Trouble::damaged);
      break;
    }
    rows.push_back(std::move(*row));
    taken += rows.back().bytes();
  }
  note_reading(statement.trouble());
  statement.reset();
  return rows;
}

std::vector<Row> Store::read(const std::optional<Place>& from, std::size_t count,
                             std::size_t bytes) {
  if (!from) return rows_of(statements_.from_first, count, bytes);
  statements_.from_place.bind(1, lane_of(from->priority))
      .bind(2, from->rank)
      .bind(3, as_signed(from->id));
  return rows_of(statements_.from_place, count, bytes);
}

std::vector<Row> Store::read_topic(const std::string& topic, const std::optional<Place>& from,
                                   std::size_t count, std::size_t bytes) {
  const Place first = from.value_or(Place{Priority::urgent, INT64_MIN, 0});
  Statement statement = database_.prepare(std::string(kColumns) +
                                          "WHERE (lane, rank, id) >= (?1, ?2, ?3) AND "
                                          "topic = ?4 ORDER BY lane, rank, id");
  statement.bind(1, lane_of(first.priority))
      .bind(2, first.rank)
      .bind(3, as_signed(first.id))
      .bind(4, std::string_view(topic));
  return rows_of(statement, count, bytes);
}

std::vector<Row> Store::expired(std::int64_t clock, std::size_t count) {
  statements_.expired.bind(1, clock);
  return rows_of(statements_.expired, count, SIZE_MAX);
}

std::optional<std::int64_t> Store::next_expiry() {
  std::optional<std::int64_t> next;
  Statement& statement = statements_.next_expiry;
  if (statement.step() && !statement.is_null(0)) next = statement.number(0);
  if (next) next = bounded_clock(*next);
  note_reading(statement.trouble());
  statement.reset();
  return next;
}

std::vector<Row> Store::keyed() {
  return rows_of(statements_.keyed, SIZE_MAX, SIZE_MAX);
}

std::vector<Victim> Store::oldest(const std::optional<std::string>& stream, bool lowest_first,
                                  std::size_t count) {
  // In a lane the numbers grow with the rank, or shrink with it where the newest go first; so the
  // oldest are at one end of the primary key, and no index of its own has to be written for them.
  const std::string columns =
      "SELECT lane, rank, id, topic, of_stream, length(CAST(topic AS BLOB)) + length(payload) + "
      "length(CAST(key AS BLOB)) + ifnull(length(properties), 0) FROM message "
      "WHERE lane=?1 AND ";
  const std::string of_stream = stream ? "AND of_stream=1 AND topic=?3 " : "";
  std::vector<Victim> oldest;
  for (std::int64_t lane = kPriorities; lane-- > 0;) {
    std::vector<Victim> of_lane;
    for (const std::string& end : {"rank >= 0 " + of_stream + "ORDER BY rank, id LIMIT ?2",
                                   "rank < 0 " + of_stream + "ORDER BY rank DESC, id LIMIT ?2"}) {
      Statement statement = database_.prepare(columns + end);
      statement.bind(1, lane).bind(2, static_cast<std::int64_t>(count));
      if (stream) statement.bind(3, std::string_view(*stream));
      while (statement.step()) {
        of_lane.push_back({{priority_of(statement.number(0)), statement.number(1),
                            static_cast<MessageId>(statement.number(2))},
                           statement.text(3),
                           statement.number(4) != 0,
                           static_cast<std::size_t>(statement.number(5))});
      }
      note_reading(statement.trouble());
    }
    const auto by_age = [](const Victim& a, const Victim& b) { return a.place.id < b.place.id; };
    std::sort(of_lane.begin(), of_lane.end(), by_age);
    oldest.insert(oldest.end(), of_lane.begin(), of_lane.end());
    if (!lowest_first) std::sort(oldest.begin(), oldest.end(), by_age);
    if (lowest_first && oldest.size() >= count) break;
  }
  if (oldest.size() > count) oldest.resize(count);
  return oldest;
}

std::vector<DeadLetter> Store::dead(std::size_t count) {
  std::vector<DeadLetter> letters;
  Statement& statement = statements_.dead;
  while (letters.size() < count && statement.step()) {
    letters.push_back({static_cast<MessageId>(statement.number(0)), statement.text(1),
                       statement.blob(2), statement.number(3), statement.text(4)});
  }
  note_reading(statement.trouble());
  statement.reset();
  return letters;
}

// Added up here, and in one pass over the file: SQLite would sort all rows for it, in memory.
Store::Sums Store::sums() {
  Sums sums;
  Totals& totals = sums.totals;
  std::map<std::tuple<std::int64_t, bool, std::string>, Load> loads;
  Statement rows = database_.prepare(kSizes);
  while (rows.step()) {
    if (!has_our_place(rows)) note_reading(Trouble::damaged);
    const auto bytes = static_cast<std::uint64_t>(rows.number(5));
    ++totals.messages;
    totals.bytes += bytes;
    totals.last_id = std::max(totals.last_id, static_cast<MessageId>(rows.number(2)));
    Load& load = loads[{rows.number(0), rows.number(3) != 0, rows.text(4)}];
    ++load.messages;
    load.bytes += bytes;
  }
  note_reading(rows.trouble());
  for (auto& [key, load] : loads) {
    load.priority = priority_of(std::get<0>(key));
    load.of_stream = std::get<1>(key);
    load.topic = std::get<2>(key);
    sums.loads.push_back(std::move(load));
  }
  const auto number = [this](const std::string& sql, std::int64_t most) {
    const std::int64_t value = database_.number(sql);
    note_reading(value < 0 || value > most ? Trouble::damaged : database_.trouble());
    return value;
  };
  totals.dead = static_cast<std::uint64_t>(number("SELECT count(*) FROM dead", INT64_MAX));
  // As high as any number in the file: one that is given twice would take the other's place.
  for (const char* sql : {kLastId, "SELECT max(id) FROM dead"}) {
    totals.last_id = std::max(totals.last_id, static_cast<MessageId>(number(sql, kMostId)));
  }
  totals.clock = number("SELECT value FROM note WHERE name='clock'", kMostClock);
  totals.wall =
      static_cast<std::uint64_t>(number("SELECT value FROM note WHERE name='wall'", INT64_MAX));
  return sums;
}

Failure Store::explain(Trouble trouble, const std::string& what) const {
  std::string detail = "the outbox " + file_.string() + " " + what;
  if (trouble == Trouble::full) {
    detail += ": there is no room for it; make room on the file system, or raise the bound of " +
              std::to_string(options_.max_file_bytes) + " bytes";
  } else {
    const std::string why = database_.why();
    detail += ": " + (why.empty() ? "what is in it is not from an outbox" : why);
  }
  return {Errc::storage_failed, std::move(detail)};
}

}  // namespace holdfast::outbox
