// Several bodies in one message.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include <holdfast/payload.hpp>
#include <holdfast/receiver.hpp>

#include "envelope_generated.h"
#include "payload/batch.hpp"
#include "payload/envelope.hpp"
#include "reading_generated.h"

namespace holdfast::payload {
namespace {

using Bytes = std::vector<std::byte>;

Bytes reading(std::uint64_t time_ms) {
  ReadingT reading;
  reading.time_ms = time_ms;
  const auto buffer = pack<Reading>(reading);
  const auto bytes = as_payload(buffer);
  return {bytes.begin(), bytes.end()};
}

std::vector<std::span<const std::byte>> views(const std::vector<Bytes>& all) {
  return {all.begin(), all.end()};
}

std::vector<std::uint64_t> times(std::span<const std::byte> sent) {
  Body body;
  EXPECT_FALSE(open_envelope(sent, body));
  std::vector<std::uint64_t> times;
  for (std::size_t i = 0; i < body.count(); ++i) {
    std::error_code error;
    const auto* root = verify<Reading>(body.at(i), error);
    EXPECT_FALSE(error);
    if (root != nullptr) times.push_back(root->time_ms());
  }
  return times;
}

TEST(Batch, HoldsWhatWasMerged) {
  const std::vector<Bytes> all{reading(1), reading(2), reading(3)};
  const Merged merged = merge_bodies(views(all), 1'000);
  EXPECT_EQ(merged.count, 3U);
  const Bytes sent = seal({7, 9, 0}, merged.body);
  EXPECT_THAT(times(sent), testing::ElementsAre(1, 2, 3));
  Body body;
  ASSERT_FALSE(open_envelope(sent, body));
  EXPECT_EQ(body.origin_of(2), (Origin{7, 9, 2}));
}

TEST(Batch, CountsWhatWaitsInABody) {
  const std::vector<Bytes> all{reading(1), reading(2), reading(3)};
  EXPECT_EQ(count_readings(all.front()), 1U);
  EXPECT_EQ(count_readings(merge_bodies(views(all), 1'000).body), 3U);
  const SeriesLayout layout({{.name = "speed", .kind = ChannelKind::integer}});
  std::vector<Bytes> rows;
  for (int i = 0; i < 5; ++i) {
    Failure failure;
    const Sample sample(i);
    rows.push_back(encode_row(layout, {i * 1'000, 0}, {&sample, 1}, failure));
  }
  EXPECT_EQ(count_readings(rows.front()), 1U);
  const Bytes batch = merge_bodies(views(rows), 1'000).body;
  EXPECT_EQ(count_readings(batch), 5U);
  EXPECT_EQ(count_readings(std::span(batch).first(batch.size() - 1)), 1U);
  EXPECT_EQ(count_readings({}), 1U);
}

TEST(Batch, ASeriesAndATableNeverShareAMessage) {
  const SeriesLayout layout({{.name = "speed", .kind = ChannelKind::integer}});
  Failure failure;
  const Sample sample(1);
  const Bytes row = encode_row(layout, {1'000, 0}, {&sample, 1}, failure);
  EXPECT_EQ(merge_bodies(views({row, reading(1)}), 1'000).count, 1U);
  EXPECT_EQ(merge_bodies(views({reading(1), row}), 1'000).count, 1U);
}

TEST(Batch, OfOneIsThatOne) {
  const std::vector<Bytes> all{reading(1)};
  const Merged merged = merge_bodies(views(all), 1'000);
  EXPECT_EQ(merged.body, all.front());
  EXPECT_EQ(seal({7, 9, 0}, merged.body), seal_envelope({7, 9, 0}, all.front()));
}

TEST(Batch, GrowsByMerging) {
  const Bytes first = merge_bodies(views({reading(1), reading(2)}), 1'000).body;
  const Bytes second = merge_bodies(views({reading(3), reading(4)}), 1'000).body;
  const Merged merged = merge_bodies(views({first, second, reading(5)}), 1'000);
  EXPECT_EQ(merged.count, 3U);
  EXPECT_THAT(times(seal({1, 1, 0}, merged.body)), testing::ElementsAre(1, 2, 3, 4, 5));
}

TEST(Batch, EndsAtItsBound) {
  const std::vector<Bytes> all(100, reading(1));
  const Merged merged = merge_bodies(views(all), 500);
  EXPECT_GT(merged.count, 3U);
  EXPECT_LT(merged.count, 100U);
  EXPECT_LE(seal({1, 1, 0}, merged.body).size(), 500U);
}

TEST(Batch, TakesTheFirstHoweverLongItIs) {
  const std::vector<Bytes> all{Bytes(100'000), reading(1)};
  const Merged merged = merge_bodies(views(all), 500);
  EXPECT_EQ(merged.count, 1U);
  EXPECT_EQ(merged.body, all.front());
}

TEST(Batch, LeavesOutWhatIsTooLongForASize) {
  const std::vector<Bytes> all{reading(1), Bytes(65'536)};
  EXPECT_EQ(merge_bodies(views(all), 1'000'000).count, 1U);
}

TEST(Batch, CostsFewBytesMoreThanItsBodies) {
  const std::vector<Bytes> all(10, reading(1));
  const Bytes sent = seal({1, 1, 0}, merge_bodies(views(all), 10'000).body);
  const std::size_t bodies = 10 * all.front().size();
  EXPECT_LT(sent.size(), bodies + 64 + 10 * 9);
}

Bytes with_sizes(std::span<const std::byte> body, const std::vector<std::uint16_t>& sizes) {
  flatbuffers::FlatBufferBuilder builder;
  const auto each = builder.CreateVector(sizes);
  const auto vector =
      builder.CreateVector(reinterpret_cast<const std::uint8_t*>(body.data()), body.size());
  wire::EnvelopeBuilder envelope(builder);
  envelope.add_sequence(1);
  envelope.add_body(vector);
  envelope.add_sizes(each);
  builder.Finish(envelope.Finish(), Schema<wire::Envelope>::identifier.data());
  const auto bytes = as_payload(builder);
  return {bytes.begin(), bytes.end()};
}

TEST(Batch, RefusesSizesThatDoNotAddUp) {
  const Bytes body(24);
  Body opened;
  EXPECT_FALSE(open_envelope(with_sizes(body, {8, 16}), opened));
  EXPECT_FALSE(open_envelope(with_sizes(body, {5, 16}), opened));
  for (const auto& sizes : std::vector<std::vector<std::uint16_t>>{
           {}, {0, 24}, {8, 8}, {8, 17}, {8, 16, 1}, {25}, {65'535, 65'535}, {24, 0}}) {
    EXPECT_EQ(open_envelope(with_sizes(body, sizes), opened), Errc::malformed_payload);
  }
}

TEST(Batch, TheTrackerCountsItsReadingsAndOneNumber) {
  SequenceTracker tracker;
  for (std::uint32_t part = 0; part < 3; ++part) {
    EXPECT_EQ(tracker.see("t", {1, 1, part}), SequenceTracker::Verdict::fresh);
  }
  EXPECT_EQ(tracker.see("t", {1, 2, 0}), SequenceTracker::Verdict::fresh);
  for (std::uint32_t part = 0; part < 3; ++part) {
    EXPECT_EQ(tracker.see("t", {1, 1, part}), SequenceTracker::Verdict::duplicate);
  }
  EXPECT_EQ(tracker.fresh(), 4U);
  EXPECT_EQ(tracker.duplicates(), 3U);
  EXPECT_EQ(tracker.missing(), 0U);
}

}  // namespace
}  // namespace holdfast::payload
