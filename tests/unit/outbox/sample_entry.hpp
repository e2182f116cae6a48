#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "outbox/outbox.hpp"

namespace holdfast::outbox {

using namespace std::chrono_literals;

inline constexpr Instant kStart = Instant(1'000h);

inline Entry sample_entry(const std::string& topic = "t", std::size_t payload_bytes = 10) {
  Entry entry;
  entry.topic = topic;
  entry.payload.resize(payload_bytes);
  entry.due = kStart;
  return entry;
}

inline MessageId put(Outbox& box, Entry entry) {
  std::vector<Casualty> gone;
  Failure refused;
  return box.put(std::move(entry), gone, refused);
}

// The refusal of one that has to be refused.
inline Failure refusal_of(Outbox& box, Entry entry) {
  std::vector<Casualty> gone;
  Failure refused;
  EXPECT_EQ(box.put(std::move(entry), gone, refused), 0U);
  EXPECT_TRUE(gone.empty());
  return refused;
}

// The numbers of all entries that are handed out at `now`, in their order.
inline std::vector<MessageId> take_all(Outbox& box, Instant now = kStart) {
  std::vector<MessageId> ids;
  while (const Entry* entry = box.take(now)) ids.push_back(entry->id);
  return ids;
}

inline std::vector<MessageId> ids_of(const std::vector<Casualty>& casualties) {
  std::vector<MessageId> ids;
  for (const Casualty& lost : casualties) ids.push_back(lost.entry.id);
  return ids;
}

}  // namespace holdfast::outbox
