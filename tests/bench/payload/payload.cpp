// What a reading costs in bytes and in time, alone and in batches, as JSON, CBOR, Protobuf,
// FlatBuffers and a series, over the same drive (tests/data/drive). All carry an epoch and a
// sequence number; all readers check what they read.
//
//   holdfast_bench_payload [--rounds N] [--track FILE] [--chart FILE]
//
// Prints Markdown. Times are CPU time of the one thread, contenders in turn, medians of the rounds.
// --chart writes the bytes a reading as SVG.

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "bench/harness.hpp"
#include "bench/payload/chart.hpp"
#include "bench/payload/contender.hpp"
#include "bench/payload/track.hpp"

namespace holdfast::bench {
namespace {

constexpr std::size_t kBatches[] = {1, 10, 60};
constexpr std::size_t kRepeats = 5;

double cpu_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

struct Figures {
  double bytes = 0;
  double encode_ns = 0;
  double decode_ns = 0;
};

Figures measure(const Contender& contender, const std::vector<Reading>& track, std::size_t batch) {
  const std::size_t batches = track.size() / batch;
  const auto readings = std::span(track).first(batches * batch);
  std::vector<std::vector<std::byte>> payloads(batches);
  Figures figures;
  const double before = cpu_ns();
  for (std::size_t repeat = 0; repeat < kRepeats; ++repeat) {
    for (std::size_t i = 0; i < batches; ++i) {
      contender.encode(readings.subspan(i * batch, batch), payloads[i]);
    }
  }
  const double encoded = cpu_ns();
  std::vector<Reading> read;
  read.reserve(readings.size());
  for (std::size_t repeat = 0; repeat < kRepeats; ++repeat) {
    read.clear();
    for (const auto& payload : payloads) {
      if (!contender.decode(payload, read)) give_up(contender.name + " cannot read its own bytes");
    }
  }
  const double decoded = cpu_ns();
  if (!std::equal(read.begin(), read.end(), readings.begin(), readings.end())) {
    give_up(contender.name + " reads something else than it wrote");
  }
  for (const auto& payload : payloads) figures.bytes += static_cast<double>(payload.size());
  const auto count = static_cast<double>(readings.size());
  figures.bytes /= count;
  figures.encode_ns = (encoded - before) / kRepeats / count;
  figures.decode_ns = (decoded - encoded) / kRepeats / count;
  return figures;
}

struct Result {
  std::string name;
  std::vector<Figures> of_batch;  // in the order of kBatches
};

std::vector<Result> measure_all(const std::vector<Contender>& contenders,
                                const std::vector<Reading>& track, std::size_t rounds) {
  std::vector<Result> results;
  for (const Contender& contender : contenders) results.push_back({contender.name, {}});
  for (const std::size_t batch : kBatches) {
    std::vector<std::vector<std::vector<double>>> runs(contenders.size());
    for (std::size_t round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < contenders.size(); ++i) {
        const Figures figures = measure(contenders[i], track, batch);
        runs[i].push_back({figures.bytes, figures.encode_ns, figures.decode_ns});
      }
    }
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      const auto middle = medians(runs[i]);
      results[i].of_batch.push_back({middle[0], middle[1], middle[2]});
    }
  }
  return results;
}

void print(const std::vector<Result>& results, const std::string& ours) {
  const auto reference = std::find_if(results.begin(), results.end(),
                                      [&](const Result& one) { return one.name == ours; });
  std::printf(
      "| | bytes a reading, alone | of 10 | of 60 | beside Series, of 60 | encode, of 60 | decode, "
      "of 60 |\n| --- | --- | --- | --- | --- | --- | --- |\n");
  for (const Result& result : results) {
    const Figures& last = result.of_batch.back();
    const Figures& base = reference->of_batch.back();
    std::printf("| %s | %.1f | %.1f | %.1f | %.2f | %.0f ns (%.2f) | %.0f ns (%.2f) |\n",
                result.name.c_str(), result.of_batch[0].bytes, result.of_batch[1].bytes, last.bytes,
                last.bytes / base.bytes, last.encode_ns, last.encode_ns / base.encode_ns,
                last.decode_ns, last.decode_ns / base.decode_ns);
  }
  std::printf(
      "\n| CPU ns a reading | encode, alone | of 10 | decode, alone | of 10 |\n"
      "| --- | --- | --- | --- | --- |\n");
  for (const Result& result : results) {
    std::printf("| %s | %.0f | %.0f | %.0f | %.0f |\n", result.name.c_str(),
                result.of_batch[0].encode_ns, result.of_batch[1].encode_ns,
                result.of_batch[0].decode_ns, result.of_batch[1].decode_ns);
  }
}

void draw(const std::vector<Result>& results, const std::string& ours, const std::string& file) {
  Chart chart{.title = "What a reading of a drive costs, in bytes of payload",
              .unit = "bytes a reading",
              .groups = {"sent alone", "in batches of 10", "in batches of 60"},
              .highlighted = ours};
  for (const Result& result : results) {
    Bars bars{result.name, {}};
    for (const Figures& figures : result.of_batch) bars.values.push_back(figures.bytes);
    chart.rows.push_back(std::move(bars));
  }
  std::ofstream out(file);
  out << svg(chart);
  if (!out.flush()) give_up("cannot write " + file);
}

void run(const Arguments& arguments) {
  const auto track =
      read_track(arguments.text("track", HOLDFAST_SOURCE_DIR "/tests/data/drive/track.csv"));
  std::vector<Contender> contenders = {json(), cbor(), table_each(), structs()};
  for (Contender& one : protobuf()) contenders.push_back(std::move(one));
  const bool has_protobuf = contenders.size() > 4;
  const std::string ours = series().name;
  contenders.push_back(series());
  const auto results = measure_all(contenders, track, arguments.number("rounds", 5));
  print(results, ours);
  const auto pushed = measure_all({series_through_outbox()}, track, arguments.number("rounds", 5));
  std::printf(
      "\nPushed one by one, merged and sealed, as a device does it: %.0f ns a reading alone, "
      "%.0f of 10, %.0f of 60.\n",
      pushed[0].of_batch[0].encode_ns, pushed[0].of_batch[1].encode_ns,
      pushed[0].of_batch[2].encode_ns);
  if (!has_protobuf) {
    std::printf(
        "\nBuilt without Protobuf: install libprotobuf-dev and protobuf-compiler, and "
        "configure again.\n");
  }
  if (const auto file = arguments.text("chart"); !file.empty()) draw(results, ours, file);
}

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
  holdfast::bench::run(holdfast::bench::Arguments(argc, argv, {"rounds", "track", "chart"}));
  return 0;
}
