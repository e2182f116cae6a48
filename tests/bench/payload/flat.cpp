// FlatBuffers: a table each, structs, and series.

#include <memory>

#include <holdfast/payload.hpp>
#include <holdfast/series.hpp>

#include "bench/payload/contender.hpp"
#include "payload/series_body.hpp"
#include "payload_bench_generated.h"

namespace holdfast::bench {
namespace {

template <class Channels>
void finish(flatbuffers::FlatBufferBuilder& builder, Channels add_channels,
            std::vector<std::byte>& out) {
  wire::BatchBuilder batch(builder);
  batch.add_epoch(kEpoch);
  add_channels(batch);
  batch.add_sequence(kSequence);
  builder.Finish(batch.Finish(), "BNCH");
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  out.assign(bytes.begin(), bytes.end());
}

const wire::Batch* open(std::span<const std::byte> bytes) {
  std::error_code error;
  return verify<wire::Batch>(bytes, error);
}

template <class List>
bool read(const List* list, std::vector<Reading>& out) {
  if (list == nullptr) return false;
  for (const auto* one : *list) {
    out.push_back({one->time(), one->lat(), one->lon(), one->speed(), one->heading(), one->fuel()});
  }
  return true;
}

const SeriesOf<Reading>& declaration() {
  static const SeriesOf<Reading> series({}, {{"lat", &Reading::lat},
                                             {"lon", &Reading::lon},
                                             {"speed", &Reading::speed},
                                             {"heading", &Reading::heading},
                                             {"fuel", &Reading::fuel}});
  return series;
}

bool read_series(SeriesReader& reader, std::span<const std::byte> bytes,
                 std::vector<Reading>& out) {
  if (reader.open(bytes)) return false;
  for (const SeriesRow row : reader) {
    out.push_back(declaration().row(row));
    out.back().time = row.time().ms;
  }
  return true;
}

auto series_decoder() {
  const auto reader = std::make_shared<SeriesReader>(declaration().layout());
  return [reader](std::span<const std::byte> bytes, std::vector<Reading>& out) {
    return read_series(*reader, bytes, out);
  };
}

}  // namespace

Contender table_each() {
  const auto builder = std::make_shared<flatbuffers::FlatBufferBuilder>();
  return {"FlatBuffers, a table each",
          [builder](std::span<const Reading> readings, std::vector<std::byte>& out) {
            builder->Clear();
            std::vector<flatbuffers::Offset<wire::ReadingTable>> tables;
            for (const Reading& one : readings) {
              tables.push_back(wire::CreateReadingTable(*builder, one.time, one.lat, one.lon,
                                                        one.speed, one.heading, one.fuel));
            }
            const auto list = builder->CreateVector(tables);
            finish(
                *builder, [list](auto& batch) { batch.add_tables(list); }, out);
          },
          [](std::span<const std::byte> bytes, std::vector<Reading>& out) {
            const auto* batch = open(bytes);
            return batch != nullptr && read(batch->tables(), out);
          }};
}

Contender structs() {
  const auto builder = std::make_shared<flatbuffers::FlatBufferBuilder>();
  return {"FlatBuffers, structs",
          [builder](std::span<const Reading> readings, std::vector<std::byte>& out) {
            builder->Clear();
            wire::ReadingStruct* slots = nullptr;
            const auto list = builder->CreateUninitializedVectorOfStructs(readings.size(), &slots);
            for (const Reading& one : readings) {
              *slots++ = {one.time, one.lat, one.lon, one.speed, one.heading, one.fuel};
            }
            finish(
                *builder, [list](auto& batch) { batch.add_structs(list); }, out);
          },
          [](std::span<const std::byte> bytes, std::vector<Reading>& out) {
            const auto* batch = open(bytes);
            return batch != nullptr && read(batch->structs(), out);
          }};
}

Contender series() {
  const auto writer = std::make_shared<SeriesWriter>(declaration().layout());
  return {"Series",
          [writer](std::span<const Reading> readings, std::vector<std::byte>& out) {
            for (const Reading& one : readings) {
              if (declaration().add(*writer, {one.time, 0}, one)) std::abort();
            }
            out = writer->finish({kEpoch, kSequence});
          },
          series_decoder()};
}

Contender series_through_outbox() {
  return {"Series, pushed and merged",
          [](std::span<const Reading> readings, std::vector<std::byte>& out) {
            std::vector<std::vector<std::byte>> bodies;
            Sample samples[5];
            Failure failure;
            for (const Reading& one : readings) {
              declaration().samples(one, samples);
              bodies.push_back(
                  payload::encode_row(declaration().layout(), {one.time, 0}, samples, failure));
            }
            const std::vector<std::span<const std::byte>> spans(bodies.begin(), bodies.end());
            const auto merged =
                payload::merge_series(spans, limits::kMaxPayloadBytes, limits::kMaxSeriesRows);
            if (merged.count != bodies.size()) std::abort();
            out = payload::seal_series({kEpoch, kSequence}, merged.body, 0, std::nullopt);
          },
          series_decoder()};
}

}  // namespace holdfast::bench
