#include "store.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <ctime>
#include <stdexcept>

namespace fleet {
namespace {

constexpr std::int64_t kVersion = 2;

// Values outlive their reading never, readings their message never.
constexpr const char* kFormat1 = R"(
CREATE TABLE device (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE stream (
  id INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES device, topic TEXT NOT NULL,
  epoch INTEGER NOT NULL, first INTEGER NOT NULL, highest INTEGER NOT NULL,
  messages INTEGER NOT NULL DEFAULT 0, copies INTEGER NOT NULL DEFAULT 0, readings INTEGER NOT NULL DEFAULT 0,
  last_ms INTEGER NOT NULL DEFAULT 0, UNIQUE (topic, epoch));
CREATE INDEX stream_by_device ON stream (device);
CREATE TABLE message (
  stream INTEGER NOT NULL REFERENCES stream, sequence INTEGER NOT NULL, arrived_ms INTEGER NOT NULL,
  PRIMARY KEY (stream, sequence)) WITHOUT ROWID;
CREATE INDEX message_by_arrival ON message (arrived_ms);
CREATE TABLE reading (
  id INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES device, stream INTEGER NOT NULL,
  sequence INTEGER NOT NULL, part INTEGER NOT NULL, time_ms INTEGER NOT NULL, dated INTEGER NOT NULL,
  UNIQUE (stream, sequence, part),
  FOREIGN KEY (stream, sequence) REFERENCES message (stream, sequence) ON DELETE CASCADE);
CREATE INDEX reading_by_time ON reading (device, time_ms);
CREATE TABLE value (
  reading INTEGER NOT NULL REFERENCES reading ON DELETE CASCADE, channel TEXT NOT NULL, number REAL NOT NULL,
  PRIMARY KEY (reading, channel)) WITHOUT ROWID;
CREATE TABLE condition (
  device INTEGER PRIMARY KEY REFERENCES device, online INTEGER NOT NULL, written INTEGER NOT NULL,
  pin_set_version INTEGER NOT NULL, vouching TEXT NOT NULL DEFAULT '', bytes_up INTEGER NOT NULL DEFAULT 0,
  bytes_down INTEGER NOT NULL DEFAULT 0, connections INTEGER NOT NULL DEFAULT 0,
  full_handshakes INTEGER NOT NULL DEFAULT 0, resumed_handshakes INTEGER NOT NULL DEFAULT 0,
  topic TEXT NOT NULL);
CREATE TABLE bill (
  device INTEGER NOT NULL REFERENCES device, month TEXT NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (device, month)) WITHOUT ROWID;
CREATE TABLE layout (id INTEGER PRIMARY KEY, description BLOB NOT NULL);
PRAGMA user_version = 1;
)";
constexpr const char* kFormat2 = R"(
ALTER TABLE condition ADD COLUMN budget_used INTEGER NOT NULL DEFAULT 0;
ALTER TABLE condition ADD COLUMN budget_allowance INTEGER NOT NULL DEFAULT 0;
ALTER TABLE condition ADD COLUMN budget_admits TEXT NOT NULL DEFAULT '';
CREATE TABLE spending (
  device INTEGER NOT NULL REFERENCES device, cause TEXT NOT NULL, permille INTEGER NOT NULL,
  PRIMARY KEY (device, cause)) WITHOUT ROWID;
PRAGMA user_version = 2;
)";

std::tm utc_of(std::int64_t time_ms) {
  // A device may say any time; those beyond these years are the nearest of them.
  constexpr std::int64_t kLastSecond = 253'402'300'799;  // 9999-12-31
  const auto seconds =
      static_cast<std::time_t>(std::clamp<std::int64_t>(time_ms / 1'000, 0, kLastSecond));
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return utc;
}

// The bits are the same; SQLite's integers have a sign.
std::int64_t as_signed(std::uint64_t epoch) {
  return std::bit_cast<std::int64_t>(epoch);
}

Condition condition_of(const Statement& row, int first) {
  return {.online = row.integer(first) != 0,
          .written = row.integer(first + 1),
          .pin_set_version = row.integer(first + 2),
          .vouching = row.text(first + 3),
          .bytes_up = row.integer(first + 4),
          .bytes_down = row.integer(first + 5),
          .connections = row.integer(first + 6),
          .full_handshakes = row.integer(first + 7),
          .resumed_handshakes = row.integer(first + 8),
          .topic = row.text(first + 9),
          .budget_used = row.integer(first + 10),
          .budget_allowance = row.integer(first + 11),
          .budget_admits = row.text(first + 12)};
}

}  // namespace

std::string month_of(std::int64_t time_ms) {
  return day_of(time_ms).substr(0, 7);
}
std::string day_of(std::int64_t time_ms) {
  const std::tm utc = utc_of(time_ms);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d", &utc);
  return text.data();
}
std::int64_t now_ms() {
  using std::chrono::milliseconds;
  return std::chrono::duration_cast<milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Store::Store(const std::string& file) : database_(file) {
  // NORMAL: a crash of this process loses nothing, a loss of power the last commits. The page shows
  // them as missing then.
  database_.execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
  Transaction transaction(database_);
  Statement version(database_, "PRAGMA user_version");
  version.step();
  const std::int64_t found = version.integer(0);
  if (found > kVersion) {
    throw std::runtime_error(file + " is of format " + std::to_string(found) +
                             ", and this program knows formats up to " + std::to_string(kVersion));
  }
  if (found < 1) database_.execute(kFormat1);
  if (found < 2) database_.execute(kFormat2);
  version.run();
  transaction.commit();
}

std::int64_t Store::device_id(const std::string& name) {
  Statement(database_, "INSERT OR IGNORE INTO device (name) VALUES (?)").with(name).run();
  Statement find(database_, "SELECT id FROM device WHERE name = ?");
  find.with(name).step();
  return find.integer(0);
}

bool Store::add(const Delivery& delivery, std::int64_t now) {
  Transaction transaction(database_);
  const std::int64_t device = device_id(delivery.device);
  const auto [stream, is_new] = take_number(device, delivery, now);
  if (is_new) {
    for (std::size_t part = 0; part < delivery.readings.size(); ++part) {
      add_reading(device, stream, delivery, part, now);
    }
  }
  transaction.commit();
  return is_new;
}

std::pair<std::int64_t, bool> Store::take_number(std::int64_t device, const Delivery& delivery,
                                                 std::int64_t now) {
  const std::int64_t epoch = as_signed(delivery.epoch);
  const std::int64_t sequence = delivery.sequence;
  Statement(database_,
            "INSERT OR IGNORE INTO stream (device, topic, epoch, first, highest) VALUES "
            "(?, ?, ?, ?, ?)")
      .with(device, delivery.topic, epoch, sequence, sequence)
      .run();
  Statement find(database_, "SELECT id FROM stream WHERE topic = ? AND epoch = ?");
  find.with(delivery.topic, epoch).step();
  const std::int64_t stream = find.integer(0);
  Statement(database_, "INSERT OR IGNORE INTO message VALUES (?, ?, ?)")
      .with(stream, sequence, now)
      .run();
  const bool is_new = database_.changes() > 0;
  if (!is_new) {
    Statement(database_, "UPDATE stream SET copies = copies + 1 WHERE id = ?").with(stream).run();
    return {stream, false};
  }
  Statement(database_,
            "UPDATE stream SET first = min(first, ?), highest = max(highest, ?), messages = "
            "messages + 1, readings = readings + ?, last_ms = ? WHERE id = ?")
      .with(sequence, sequence, static_cast<std::int64_t>(delivery.readings.size()), now, stream)
      .run();
  return {stream, true};
}

void Store::add_reading(std::int64_t device, std::int64_t stream, const Delivery& delivery,
                        std::size_t part, std::int64_t now) {
  const Reading& reading = delivery.readings[part];
  Statement(database_,
            "INSERT INTO reading (device, stream, sequence, part, time_ms, dated) VALUES "
            "(?, ?, ?, ?, ?, ?)")
      .with(device, stream, std::int64_t{delivery.sequence}, static_cast<std::int64_t>(part),
            reading.time_ms.value_or(now), reading.time_ms ? 1 : 0)
      .run();
  const std::int64_t id = database_.last_id();
  Statement value(database_, "INSERT OR IGNORE INTO value VALUES (?, ?, ?)");
  for (const Value& one : reading.values) {
    if (std::isfinite(one.number)) value.with(id, one.channel, one.number).run();
  }
}

void Store::put_condition(const std::string& device_name, const Condition& condition,
                          std::int64_t now) {
  Transaction transaction(database_);
  const std::int64_t device = device_id(device_name);
  if (condition.online) {
    add_to_bill(device, condition.bytes_up + condition.bytes_down, now);
    Statement(database_,
              "INSERT OR REPLACE INTO condition VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .with(device, 1, condition.written, condition.pin_set_version, condition.vouching,
              condition.bytes_up, condition.bytes_down, condition.connections,
              condition.full_handshakes, condition.resumed_handshakes, condition.topic,
              condition.budget_used, condition.budget_allowance, condition.budget_admits)
        .run();
    put_spending(device, condition.spending);
  } else {
    // What it has spent is not in a will: what it told last stands.
    Statement(database_,
              "INSERT INTO condition (device, online, written, pin_set_version, topic) "
              "VALUES (?, 0, ?, ?, ?) ON CONFLICT (device) DO UPDATE SET online = 0, "
              "written = excluded.written, pin_set_version = excluded.pin_set_version, "
              "topic = excluded.topic")
        .with(device, condition.written, condition.pin_set_version, condition.topic)
        .run();
  }
  transaction.commit();
}

void Store::put_spending(std::int64_t device, const std::vector<Spending>& spending) {
  Statement(database_, "DELETE FROM spending WHERE device = ?").with(device).run();
  Statement put(database_, "INSERT OR REPLACE INTO spending VALUES (?, ?, ?)");
  for (const Spending& one : spending) put.with(device, one.cause, one.permille).run();
}

std::vector<Spending> Store::spending(std::int64_t device) {
  Statement rows(
      database_,
      "SELECT cause, permille FROM spending WHERE device = ? ORDER BY permille DESC, cause");
  rows.with(device);
  std::vector<Spending> all;
  while (rows.step()) all.push_back({.cause = rows.text(0), .permille = rows.integer(1)});
  return all;
}

// A device tells what it has taken since it was installed; a bill is by the month.
void Store::add_to_bill(std::int64_t device, std::int64_t total, std::int64_t now) {
  Statement before(
      database_,
      "SELECT bytes_up + bytes_down FROM condition WHERE device = ? AND connections > 0");
  if (!before.with(device).step())
    return;  // nobody knows when it spent that; a will does not tell it
  const std::int64_t last = before.integer(0);
  // Less than before: its state directory is a new one, and all of it is.
  const std::int64_t spent = total >= last ? total - last : total;
  if (spent == 0) return;
  Statement(database_,
            "INSERT INTO bill VALUES (?, ?, ?) ON CONFLICT (device, month) DO UPDATE SET bytes = "
            "bytes + excluded.bytes")
      .with(device, month_of(now), spent)
      .run();
}

void Store::forget_condition(const std::string& topic) {
  Statement(database_, "DELETE FROM condition WHERE topic = ?").with(topic).run();
}

void Store::put_layout(std::uint32_t id, std::span<const std::byte> description) {
  Statement(database_, "INSERT OR IGNORE INTO layout VALUES (?, ?)")
      .with(std::int64_t{id}, description)
      .run();
}

std::vector<std::byte> Store::layout(std::uint32_t id) {
  Statement find(database_, "SELECT description FROM layout WHERE id = ?");
  if (!find.with(std::int64_t{id}).step()) return {};
  return find.bytes(0);
}

void Store::prune(std::int64_t before_ms) {
  Statement(database_, "DELETE FROM message WHERE arrived_ms < ?").with(before_ms).run();
}

std::int64_t Store::device_count() {
  Statement count(database_, "SELECT count(*) FROM device");
  count.step();
  return count.integer(0);
}

std::vector<DeviceRow> Store::devices(int limit, std::int64_t now) {
  Statement rows(database_,
                 "SELECT device.id, name, coalesce(sum(readings), 0), "
                 "coalesce(sum(highest - first + 1 - messages), 0), coalesce(sum(copies), 0), "
                 "coalesce(max(last_ms), 0) AS latest, coalesce(bill.bytes, 0), online, written, "
                 "pin_set_version, vouching, bytes_up, bytes_down, connections, full_handshakes, "
                 "resumed_handshakes, condition.topic, budget_used, budget_allowance, "
                 "budget_admits FROM device LEFT JOIN stream ON "
                 "stream.device = device.id "
                 "LEFT JOIN condition ON condition.device = device.id "
                 "LEFT JOIN bill ON bill.device = device.id AND bill.month = ? "
                 "GROUP BY device.id ORDER BY latest DESC, name LIMIT ?");
  std::vector<DeviceRow> devices;
  rows.with(month_of(now), limit);
  while (rows.step()) {
    DeviceRow row{.id = rows.integer(0),
                  .name = rows.text(1),
                  .readings = rows.integer(2),
                  .missing = rows.integer(3),
                  .copies = rows.integer(4),
                  .last_ms = rows.integer(5),
                  .condition = {},
                  .month_bytes = rows.integer(6)};
    if (!rows.is_null(7)) {
      row.condition = condition_of(rows, 7);
      row.condition->spending = spending(row.id);
    }
    devices.push_back(std::move(row));
  }
  return devices;
}

std::vector<Position> Store::track(std::int64_t device, int limit) {
  Statement rows(database_,
                 "SELECT lat.number, lon.number FROM reading "
                 "JOIN value AS lat ON lat.reading = reading.id AND lat.channel = 'lat' "
                 "JOIN value AS lon ON lon.reading = reading.id AND lon.channel = 'lon' "
                 "WHERE device = ? AND abs(lat.number) <= 90 AND abs(lon.number) <= 180 "
                 "ORDER BY time_ms DESC, reading.id DESC LIMIT ?");
  std::vector<Position> track;
  rows.with(device, limit);
  while (rows.step()) track.push_back({rows.real(0), rows.real(1)});
  std::reverse(track.begin(), track.end());
  return track;
}

std::vector<std::string> Store::channels(std::int64_t device, int limit) {
  // Those of its last readings: a device may have had others in other years.
  Statement rows(database_,
                 "SELECT DISTINCT channel FROM value WHERE reading IN (SELECT id FROM reading "
                 "WHERE device = ? ORDER BY time_ms DESC LIMIT 20) ORDER BY channel LIMIT ?");
  std::vector<std::string> names;
  rows.with(device, limit);
  while (rows.step()) names.push_back(rows.text(0));
  return names;
}

std::vector<Point> Store::points(std::int64_t device, const std::string& channel, int limit) {
  Statement rows(database_,
                 "SELECT time_ms, number FROM reading JOIN value ON value.reading = reading.id "
                 "WHERE device = ? AND channel = ? ORDER BY time_ms DESC, reading.id DESC LIMIT ?");
  std::vector<Point> points;
  rows.with(device, channel, limit);
  while (rows.step()) points.push_back({rows.integer(0), rows.real(1)});
  return points;
}

void Store::each_value(const std::function<void(const Exported&)>& take) {
  Statement rows(database_,
                 "SELECT time_ms, name, topic, channel, number FROM reading "
                 "JOIN device ON device.id = reading.device JOIN stream ON stream.id = "
                 "reading.stream JOIN value ON value.reading = reading.id "
                 "ORDER BY name, time_ms, reading.id, channel");
  while (rows.step()) {
    take({.time_ms = rows.integer(0),
          .device = rows.text(1),
          .topic = rows.text(2),
          .channel = rows.text(3),
          .number = rows.real(4)});
  }
}

}  // namespace fleet
