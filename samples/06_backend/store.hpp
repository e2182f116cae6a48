// What the fleet has told, in one SQLite file (README.md has its tables). Everything that is put
// into it may be put twice: the second time changes nothing.
//
// Threads: one thread at a time. Who reads while somebody else writes has a store of their own on
// the same file.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sql.hpp"

namespace fleet {

struct Value {
  std::string channel;
  double number = 0;
};

struct Reading {
  std::optional<std::int64_t> time_ms;  ///< since 1970; empty: the device did not know
  std::vector<Value> values;
};

/// One message of a device.
struct Delivery {
  std::string device;
  std::string topic;
  std::uint64_t epoch = 0;
  std::uint32_t sequence = 0;
  std::vector<Reading> readings;
};

/// What part of its bytes a device has taken for something, in thousandths.
struct Spending {
  std::string cause;
  std::int64_t permille = 0;
};

/// What a device keeps retained of itself. Of one that is offline, only the first three, and the
/// topic.
struct Condition {
  bool online = false;
  std::int64_t written = 0;  ///< seconds since 1970; 0: not known
  std::int64_t pin_set_version = 0;
  std::string vouching;  ///< a pin
  std::int64_t bytes_up = 0;
  std::int64_t bytes_down = 0;
  std::int64_t connections = 0;
  std::int64_t full_handshakes = 0;
  std::int64_t resumed_handshakes = 0;
  std::string topic;                    ///< where it is retained
  std::int64_t budget_used = 0;         ///< of the month, by the device's own count
  std::int64_t budget_allowance = 0;    ///< 0: it has no budget, or did not say
  std::string budget_admits;            ///< which messages the budget lets through
  std::vector<Spending> spending = {};  ///< dearest first; of what it took since it was installed
};

struct DeviceRow {
  std::int64_t id = 0;
  std::string name;
  std::int64_t readings = 0;
  std::int64_t missing = 0;  ///< messages between the first and the last that have not arrived
  std::int64_t copies = 0;   ///< messages that came again
  std::int64_t last_ms = 0;  ///< when the last message arrived; 0: none
  std::optional<Condition> condition;
  std::int64_t month_bytes = 0;  ///< of this month, since the store knows the device
};

struct Point {
  std::int64_t time_ms = 0;
  double number = 0;
};
struct Position {
  double lat = 0;
  double lon = 0;
};

/// One value on its way into a table.
struct Exported {
  std::int64_t time_ms = 0;
  std::string device;
  std::string topic;
  std::string channel;
  double number = 0;
};

class Store {
 public:
  /// @throws std::runtime_error if it cannot be opened, or was made by a newer release
  explicit Store(const std::string& file);

  /// @return false: this message was here before
  bool add(const Delivery& delivery, std::int64_t now_ms);
  void put_condition(const std::string& device, const Condition& condition, std::int64_t now_ms);
  /// What was retained there has been taken away.
  void forget_condition(const std::string& topic);
  void put_layout(std::uint32_t id, std::span<const std::byte> description);
  std::vector<std::byte> layout(std::uint32_t id);  ///< empty: not known
  /// Takes out what arrived before.
  void prune(std::int64_t before_ms);

  // For reading; newest first unless told.
  std::int64_t device_count();
  std::vector<DeviceRow> devices(int limit, std::int64_t now_ms);
  std::vector<Position> track(std::int64_t device, int limit);  ///< oldest first
  std::vector<std::string> channels(std::int64_t device, int limit);
  std::vector<Point> points(std::int64_t device, const std::string& channel, int limit);
  /// By device, and in the order of time.
  void each_value(const std::function<void(const Exported&)>& take);

 private:
  std::int64_t device_id(const std::string& name);
  std::pair<std::int64_t, bool> take_number(std::int64_t device, const Delivery& delivery,
                                            std::int64_t now_ms);
  void add_reading(std::int64_t device, std::int64_t stream, const Delivery& delivery,
                   std::size_t part, std::int64_t now_ms);
  void put_spending(std::int64_t device, const std::vector<Spending>& spending);
  std::vector<Spending> spending(std::int64_t device);
  void add_to_bill(std::int64_t device, std::int64_t total, std::int64_t now_ms);

  Database database_;
};

/// "2026-11", for a bill.
std::string month_of(std::int64_t time_ms);
/// "2026-11-28", in UTC.
std::string day_of(std::int64_t time_ms);
std::int64_t now_ms();

}  // namespace fleet
