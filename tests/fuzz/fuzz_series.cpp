// A series from a broker, or out of an outbox: opened, read in every way, sealed and merged. The
// first bytes choose the layout that it is opened with.

#include <cmath>
#include <vector>

#include <holdfast/series.hpp>

#include "fuzz.hpp"
#include "payload/series_body.hpp"

namespace {

using namespace holdfast;

// Few layouts, so that the fuzzer need not guess an id: it is written into the input.
SeriesLayout layout_of(std::uint8_t choice) {
  const ChannelKind kinds[] = {ChannelKind::integer, ChannelKind::fixed, ChannelKind::single,
                               ChannelKind::real, static_cast<ChannelKind>(9)};
  std::vector<Channel> channels((choice & 3U) + 1);
  for (std::size_t i = 0; i < channels.size(); ++i) {
    channels[i].name = std::to_string(i);
    channels[i].kind = kinds[(choice / 4 + i) % 5];
    if (channels[i].kind == ChannelKind::fixed) channels[i].resolution = 0.01;
  }
  return SeriesLayout(std::move(channels),
                      {.time_resolution = std::chrono::milliseconds(choice < 128 ? 1 : 3'600'000)});
}

std::vector<std::byte> framed(const SeriesLayout& layout, std::span<const std::byte> columns) {
  Failure failure;
  const std::vector<Sample> none(layout.channels().size());
  auto bytes = payload::encode_row(layout, {}, none, failure);
  bytes.resize(44);
  const auto size = static_cast<std::uint32_t>(columns.size());
  for (unsigned i = 0; i < 4; ++i) bytes[40 + i] = static_cast<std::byte>(size >> (8 * i));
  bytes.insert(bytes.end(), columns.begin(), columns.end());
  return bytes;
}

void read_all(const SeriesReader& reader) {
  fuzz::require(reader.size() > 0 && reader.size() <= limits::kMaxSeriesRows, "rows in bounds");
  double sum = 0;
  for (const SeriesRow row : reader) {
    for (std::size_t channel = 0; channel < row.size(); ++channel) sum += row[channel].real();
    sum += static_cast<double>(row.time().ms);
  }
  for (std::size_t channel = 0; channel < reader.layout().channels().size(); ++channel) {
    const SeriesColumn column = reader.column(channel);
    if (!column.is_known()) {
      fuzz::require(column[0].is_absent(), "what is not known is absent");
    } else if (!column.has_absences()) {
      fuzz::require(!column[reader.size() - 1].is_absent(), "what is not absent is there");
    }
    sum += column.reals()[0];
  }
  fuzz::require(std::isnan(sum) || sum != 1e300, "all was read");
}

void require_same(const SeriesReader& a, const SeriesReader& b, std::int64_t shift_ms) {
  fuzz::require(a.size() == b.size(), "the same rows");
  for (std::size_t row = 0; row < a.size(); ++row) {
    fuzz::require(
        static_cast<std::uint64_t>(b.time(row).ms) ==
            static_cast<std::uint64_t>(a.time(row).ms) + static_cast<std::uint64_t>(shift_ms),
        "the same times");
    for (std::size_t c = 0; c < a.layout().channels().size(); ++c) {
      fuzz::require(a.column(c).numbers()[row] == b.column(c).numbers()[row], "the same numbers");
      fuzz::require(a.sample(row, c).is_absent() == b.sample(row, c).is_absent(), "and absences");
    }
  }
}

// Written again, and in two copies: what was read is what is written.
void write_again(SeriesReader& reader, std::span<const std::byte> bytes) {
  SeriesReader other(reader.layout());
  fuzz::require(!other.open(payload::seal_series({1, 2}, bytes, 0, {})), "sealed bytes open");
  fuzz::require(other.origin() == Origin{1, 2}, "with their origin");
  require_same(reader, other, 0);

  if (reader.boot() != 0) {
    const std::int64_t began = 3'600'000LL * 472'222;
    fuzz::require(!other.open(payload::seal_series({1, 2}, bytes, reader.boot(), began)),
                  "resolved bytes open");
    if (other.boot() == 0) require_same(reader, other, began);
  }

  const std::span<const std::byte> twice[] = {bytes, bytes};
  const auto merged = payload::merge_series(twice, 1'000'000, limits::kMaxSeriesRows);
  fuzz::require(!other.open(merged.body), "merged bytes open");
  fuzz::require(merged.count == other.size() / reader.size(), "and hold all rows");
  if (merged.count == 2) {
    for (std::size_t c = 0; c < reader.layout().channels().size(); ++c) {
      const auto one = reader.column(c).numbers();
      const auto two = other.column(c).numbers();
      fuzz::require(std::equal(one.begin(), one.end(), two.begin()) &&
                        std::equal(one.begin(), one.end(), two.begin() + std::ssize(one)),
                    "and in order");
    }
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  SeriesReader reader(layout_of(data[0]));
  const auto rest = fuzz::bytes_of(data + 2, size - 2);
  // As it is, and as the columns of a whole one.
  const std::vector<std::byte> bytes = data[1] % 2 == 0
                                           ? framed(reader.layout(), rest)
                                           : std::vector<std::byte>(rest.begin(), rest.end());
  std::error_code error;
  const auto id = SeriesReader::layout_of(bytes, error);
  fuzz::require(id.has_value() != static_cast<bool>(error), "either an id or an error");
  error = reader.open(bytes);
  if (!error) {
    fuzz::require(id == reader.layout().id(), "opened with its own layout");
    read_all(reader);
    write_again(reader, bytes);
    return 0;
  }
  fuzz::require(error == Errc::malformed_payload || error == Errc::foreign_payload ||
                    error == Errc::unknown_layout,
                "one of three errors");
  fuzz::require(reader.size() == 0, "no rows after an error");
  payload::seal_series({1, 2}, bytes, 5, 7);
  const std::span<const std::byte> alone[] = {bytes, bytes};
  fuzz::require(payload::merge_series(alone, 1'000, 1'000).count > 0, "the first is always taken");
  return 0;
}
