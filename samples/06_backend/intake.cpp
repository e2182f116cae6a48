#include "intake.hpp"

#include <algorithm>
#include <holdfast/payload.hpp>
#include <holdfast/status.hpp>
#include <optional>
#include <system_error>

#include "board_generated.h"
#include "printable.hpp"
#include "reading_generated.h"
#include "status_generated.h"

namespace fleet {
namespace {

using holdfast::wire::DeviceStatus;

// More of one reading are no reading; a series has at most 64 channels.
constexpr std::size_t kMostTemperatures = 32;

void add(std::vector<Value>& values, std::string channel, double number) {
  values.push_back({std::move(channel), number});
}

std::optional<std::int64_t> known(std::uint64_t time_ms) {
  if (time_ms == 0 || time_ms > INT64_MAX) return std::nullopt;
  return static_cast<std::int64_t>(time_ms);
}

Reading convert(const ::Reading& from) {
  Reading reading{.time_ms = known(from.time_ms()), .values = {}};
  add(reading.values, "lat", from.lat_e7() / 1e7);
  add(reading.values, "lon", from.lon_e7() / 1e7);
  add(reading.values, "speed (m/s)", from.speed_cm_s() / 100.0);
  add(reading.values, "heading (deg)", from.heading_cdeg() / 100.0);
  add(reading.values, "fuel (%)", from.fuel_permille() / 10.0);
  return reading;
}

std::string name_of(const board::Temperature& temperature) {
  std::string name;
  for (const std::uint8_t byte : *temperature.name()) {
    if (byte == 0) break;
    name += static_cast<char>(byte);
  }
  return name;
}

Reading convert(const board::BoardReading& from) {
  Reading reading{.time_ms = known(from.time_ms()), .values = {}};
  if (from.cpu_permille()) add(reading.values, "processors (%)", *from.cpu_permille() / 10.0);
  if (from.load1_hundredths()) add(reading.values, "load", *from.load1_hundredths() / 100.0);
  if (from.memory_kib()) add(reading.values, "memory (MiB)", from.memory_kib()->used() / 1024.0);
  if (from.disk_mib()) add(reading.values, "disk (MiB)", from.disk_mib()->used());
  if (from.temperatures() == nullptr) return reading;
  for (const board::Temperature* temperature : *from.temperatures()) {
    if (reading.values.size() >= kMostTemperatures) break;
    add(reading.values, name_of(*temperature) + " (C)", temperature->milli_celsius() / 1000.0);
  }
  return reading;
}

// @return false: it is none, for the reason in `error`
template <class T>
bool convert_as(std::span<const std::byte> body, std::vector<Reading>& readings,
                std::error_code& error) {
  const T* root = holdfast::verify<T>(body, error);
  if (root != nullptr) readings.push_back(convert(*root));
  return root != nullptr;
}

std::string channel_of(const holdfast::Channel& channel) {
  const bool is_position = channel.name == "lat" || channel.name == "lon";
  if (is_position || channel.unit.empty()) return channel.name;
  return channel.name + " (" + channel.unit + ")";
}

Reading convert(const holdfast::SeriesRow& row, const std::vector<holdfast::Channel>& channels) {
  const holdfast::SeriesTime time = row.time();
  Reading reading;
  if (time.boot == 0) reading.time_ms = time.ms;  // else it counts from a boot that nobody dates
  for (std::size_t n = 0; n < channels.size(); ++n) {
    const holdfast::Sample sample = row[n];
    if (!sample.is_absent()) add(reading.values, channel_of(channels[n]), sample.real());
  }
  return reading;
}

std::string pin_text(const DeviceStatus& status) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (status.vouching() == nullptr) return "";
  std::string text = "sha256/";
  std::uint32_t bits = 0;
  int count = 0;
  for (const std::uint8_t byte : *status.vouching()->bytes()) {
    bits = bits << 8U | byte;
    for (count += 8; count >= 6;) {
      count -= 6;
      text += kDigits[bits >> static_cast<unsigned>(count) & 63U];
    }
  }
  if (count > 0) text += kDigits[bits << static_cast<unsigned>(6 - count) & 63U];
  return text + "=";  // 32 bytes are 43 digits
}

std::int64_t bounded(std::uint64_t count) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 60U;  // sums of two stay in range
  return static_cast<std::int64_t>(count < kMost ? count : kMost);
}

std::vector<Spending> spending_of(const DeviceStatus& status) {
  std::vector<Spending> spending;
  if (status.permille_by_cause() == nullptr) return spending;
  // A later release may know causes that this one has no name for.
  const auto known = std::min<std::size_t>(status.permille_by_cause()->size(), holdfast::kCauses);
  for (std::size_t cause = 0; cause < known; ++cause) {
    const auto share = status.permille_by_cause()->Get(static_cast<flatbuffers::uoffset_t>(cause));
    spending.push_back(
        {std::string(to_string(static_cast<holdfast::Cause>(cause))), std::int64_t{share}});
  }
  return spending;
}

Condition convert(const DeviceStatus& status) {
  Condition condition{.online = status.online(),
                      .written = status.written(),
                      .pin_set_version = bounded(status.pin_set_version()),
                      .vouching = pin_text(status),
                      .bytes_up = bounded(status.bytes_up()),
                      .bytes_down = bounded(status.bytes_down()),
                      .connections = status.connections(),
                      .full_handshakes = status.full_handshakes(),
                      .resumed_handshakes = status.resumed_handshakes(),
                      .spending = spending_of(status)};
  if (const auto* budget = status.budget()) {
    condition.budget_used = bounded(budget->used());
    condition.budget_allowance = bounded(budget->allowance());
    constexpr auto kLast = static_cast<std::uint8_t>(holdfast::Admission::nothing);
    condition.budget_admits =
        to_string(static_cast<holdfast::Admission>(std::min(budget->admission(), kLast)));
  }
  return condition;
}

bool is_foreign(std::error_code error) {
  return error == holdfast::make_error_code(holdfast::Errc::foreign_payload);
}

}  // namespace

std::string device_of(std::string_view topic) {
  const std::size_t slash = topic.rfind('/');
  return std::string(slash == topic.npos ? topic : topic.substr(0, slash));
}

void Intake::leave_out(const holdfast::Message& message, const std::string& why) {
  complain_("left out a payload of " + std::to_string(message.payload.size()) + " bytes on " +
            printable(message.topic) + ": " + why);
}

void Intake::take(const holdfast::Message& message, std::int64_t now) {
  // Nothing that is retained is a reading. An empty one takes a device's status away.
  if (message.payload.empty()) return store_.forget_condition(message.topic);
  if (take_condition(message, now)) return;
  if (take_layout(message, now) || take_series(message, now)) return;
  take_bodies(message, now);
}

bool Intake::take_condition(const holdfast::Message& message, std::int64_t now) {
  std::error_code error;
  const auto* status = holdfast::verify<DeviceStatus>(message.payload, error);
  if (status == nullptr) return false;
  Condition condition = convert(*status);
  condition.topic = message.topic;
  store_.put_condition(device_of(message.topic), condition, now);
  return true;
}

bool Intake::take_layout(const holdfast::Message& message, std::int64_t now) {
  std::error_code error;
  const auto layout = holdfast::SeriesLayout::from_description(message.payload, error);
  if (!layout) return false;
  store_.put_layout(layout->id(), message.payload);
  const auto found = waiting_.find(layout->id());
  if (found == waiting_.end()) return true;
  const std::vector<holdfast::Message> messages = std::move(found->second);
  waiting_.erase(found);
  waiting_count_ -= messages.size();
  for (const holdfast::Message& one : messages) take_series(one, now);
  return true;
}

const holdfast::SeriesLayout* Intake::layout(std::uint32_t id) {
  const auto found = layouts_.find(id);
  if (found != layouts_.end()) return &found->second;
  const std::vector<std::byte> description = store_.layout(id);
  std::error_code error;
  const auto layout = holdfast::SeriesLayout::from_description(description, error);
  if (!layout) return nullptr;
  if (layouts_.size() >= kMostLayouts) layouts_.clear();
  return &layouts_.emplace(id, *layout).first->second;
}

bool Intake::take_series(const holdfast::Message& message, std::int64_t now) {
  std::error_code error;
  const auto id = holdfast::SeriesReader::layout_of(message.payload, error);
  if (!id) return false;
  const holdfast::SeriesLayout* known_layout = layout(*id);
  if (known_layout == nullptr) {
    if (waiting_count_ >= kMostWaiting) {
      leave_out(message, "its declaration has not come, and too many wait for theirs");
      return true;
    }
    waiting_[*id].push_back(message);
    ++waiting_count_;
    return true;
  }
  holdfast::SeriesReader reader(*known_layout);
  error = reader.open(message.payload);
  if (error || !reader.origin()) {
    leave_out(message, error ? error.message() : "it has no number, so that copies would not show");
    return true;
  }
  Delivery delivery{.device = device_of(message.topic),
                    .topic = message.topic,
                    .epoch = reader.origin()->epoch,
                    .sequence = reader.origin()->sequence,
                    .readings = {}};
  for (const holdfast::SeriesRow row : reader) {
    delivery.readings.push_back(convert(row, known_layout->channels()));
  }
  store_.add(delivery, now);
  return true;
}

void Intake::take_bodies(const holdfast::Message& message, std::int64_t now) {
  holdfast::Body body;
  if (const auto error = holdfast::open_envelope(message.payload, body)) {
    return leave_out(message, error.message());
  }
  if (!body.origin) {
    return leave_out(message, "it has no envelope, and so no number by which copies would show");
  }
  Delivery delivery{.device = device_of(message.topic),
                    .topic = message.topic,
                    .epoch = body.origin->epoch,
                    .sequence = body.origin->sequence,
                    .readings = {}};
  for (std::size_t n = 0; n < body.count(); ++n) {
    std::error_code error;
    const auto bytes = body.at(n);
    if (convert_as<::Reading>(bytes, delivery.readings, error)) continue;
    if (is_foreign(error) && convert_as<board::BoardReading>(bytes, delivery.readings, error)) {
      continue;
    }
    return leave_out(message, error.message());
  }
  store_.add(delivery, now);
}

}  // namespace fleet
