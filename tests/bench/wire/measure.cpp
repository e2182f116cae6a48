#include "bench/wire/measure.hpp"

#include <algorithm>
#include <fstream>
#include <thread>
#include <vector>

#include "bench/harness.hpp"

namespace holdfast::bench::wire {
namespace {

using namespace std::chrono_literals;
using economics::Cost;
using test::link::Traffic;

Cost between(const Traffic& before, const Traffic& after) {
  return {static_cast<double>(after.ip_bytes_up - before.ip_bytes_up),
          static_cast<double>(after.ip_bytes_down - before.ip_bytes_down),
          static_cast<double>(after.packets_up - before.packets_up),
          static_cast<double>(after.packets_down - before.packets_down)};
}

Cost less(const Cost& one, const Cost& other) {
  return {one.bytes_up - other.bytes_up, one.bytes_down - other.bytes_down,
          one.packets_up - other.packets_up, one.packets_down - other.packets_down};
}

// In this network; the other side follows what a SYN offers.
void set_timestamps(bool on) {
  std::ofstream file("/proc/sys/net/ipv4/tcp_timestamps");
  file << (on ? "1" : "0");
  if (!file.flush()) give_up("net.ipv4.tcp_timestamps cannot be set in this network");
}

std::vector<Cost> sorted(std::vector<Cost> costs) {
  std::sort(costs.begin(), costs.end(),
            [](const Cost& a, const Cost& b) { return a.bytes() < b.bytes(); });
  return costs;
}

std::size_t messages_of(const Row& row, const SampleSettings& settings) {
  constexpr std::size_t kFewest = 6;  // batches differ
  const std::size_t count = settings.readings / row.readings_a_message;
  return row.readings_a_message > 1 ? std::max(count, kFewest) : std::max<std::size_t>(count, 1);
}

Cost mean_of(const std::vector<Cost>& costs) {
  Cost sum;
  for (const Cost& cost : costs) sum = sum + cost;
  return costs.empty() ? sum : (1.0 / static_cast<double>(costs.size())) * sum;
}

Cost message_of(const Row& row, const std::vector<Cost>& costs, bool loses_packets) {
  if (loses_packets || row.readings_a_message > 1) return mean_of(costs);
  return sorted(costs)[costs.size() / 10];
}

// One device's life; without messages only its set-ups and closes.
Measured measure_once(const Row& row, const Stage& stage, const Line& line,
                      const SampleSettings& settings, std::size_t messages) {
  Measured measured;
  measured.messages = messages;
  const auto way = row.make(stage);
  Traffic before = line.settle();
  Traffic after = before;
  const auto step = [&](auto action) {
    before = after;
    action();
    after = line.settle();
    return between(before, after);
  };
  measured.full_set_up = step([&] { way->connect(); });
  measured.declaration = step([&] { way->declare(); });
  std::vector<Cost> costs;
  for (std::size_t i = 0; i < messages; ++i) {
    if (settings.pause > 0ms) std::this_thread::sleep_for(settings.pause);
    before = after;
    way->send();
    after = line.settle_after(before);
    costs.push_back(between(before, after));
  }
  if (messages > 0) measured.message = message_of(row, costs, settings.loses_packets);
  measured.closing = step([&] { way->disconnect(); });
  measured.again = step([&] { way->connect(); });
  measured.resumed = way->is_resumed();
  step([&] { way->disconnect(); });
  return measured;
}

}  // namespace

Measured measure(const Row& row, const Stage& stage, Line& line, const SampleSettings& settings) {
  if (!row.timestamps) set_timestamps(false);
  std::vector<Measured> runs;
  const std::size_t count = row.keeps_session || settings.loses_packets ? settings.runs : 1;
  for (std::size_t run = 0; run < count; ++run) {
    line.begin(run, count);
    const bool sends = settings.loses_packets || run == 0;
    runs.push_back(
        measure_once(row, stage, line, settings, sends ? messages_of(row, settings) : 0));
  }
  if (!row.timestamps) set_timestamps(true);
  const auto typical = [&](Cost Measured::*what) {
    std::vector<Cost> costs;
    for (const Measured& run : runs) costs.push_back(run.*what);
    return sorted(std::move(costs))[settings.loses_packets ? count / 2 : 0];
  };
  Measured measured = runs.front();
  if (settings.loses_packets) measured.message = typical(&Measured::message);
  measured.full_set_up = typical(&Measured::full_set_up);
  measured.again = typical(&Measured::again);
  measured.closing = typical(&Measured::closing);
  measured.declaration = typical(&Measured::declaration);
  if (!row.keeps_session) {
    measured.full_set_up = measured.again = measured.closing = {};
  } else if (row.speaks_first) {
    measured.full_set_up = less(measured.full_set_up, measured.message);
    measured.again = less(measured.again, measured.message);
  }
  return measured;
}

Pings measure_pings(const Row& row, const Stage& stage, const Line& line,
                    const Measured& measured) {
  Pings pings;
  if (!row.make_impatient || row.readings_a_message > 1 || !row.timestamps) return pings;
  constexpr auto kPace = 2500ms;
  constexpr std::size_t kReadings = 10;
  const std::string ping_line = std::string("Received PINGREQ from ") + kClientId;
  const auto way = row.make_impatient(stage);
  way->connect();
  const Traffic before = line.settle();
  const std::size_t already = stage.broker->count_log(ping_line);
  auto next = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < kReadings; ++i) {
    std::this_thread::sleep_until(next);
    next += kPace;
    way->send();
  }
  const Cost all = between(before, line.settle());
  pings.readings = kReadings;
  pings.seen = static_cast<double>(stage.broker->count_log(ping_line) - already);
  way->disconnect();
  line.settle();
  if (pings.seen > 0) {
    pings.one = (1 / pings.seen) * less(all, static_cast<double>(kReadings) * measured.message);
  }
  return pings;
}

Months month_of(const Row& row, const Measured& measured, const Pings& pings,
                double reconnects_per_day, double lookup_bytes) {
  const economics::Workload workload{.every = kEvery, .reconnects_per_day = reconnects_per_day};
  economics::Profile profile;
  profile.readings_per_message = static_cast<double>(row.readings_a_message);
  profile.message = measured.message;
  profile.full_set_up = measured.full_set_up;
  profile.set_up = measured.again;
  // What a ticket of the server does not live to see.
  const std::chrono::duration<double, std::ratio<3600>> between_connections(24 /
                                                                            reconnects_per_day);
  if (row.ticket_life > 0h && between_connections >= row.ticket_life) {
    profile.set_up = measured.full_set_up;
  }
  profile.full_set_up_every = row.full_set_up_every;
  profile.closing = measured.closing;
  if (pings.seen > 0) {
    profile.ping = pings.one;
    profile.ping_every = kKeepAlive;
  }
  Months months{economics::month_of(workload, profile)};
  months.bytes = months.month.all().bytes() + measured.declaration.bytes();
  months.lookups = row.keeps_session ? months.month.connections : months.month.messages;
  if (row.address_life > 0h) {
    months.lookups = std::min(months.lookups,
                              workload.days * 24 / static_cast<double>(row.address_life.count()));
  }
  months.lookup_bytes = months.lookups * lookup_bytes;
  return months;
}

Cost limit_of(const Row& row) {
  return economics::least_message({.timestamps = row.timestamps}, row.topic_bytes,
                                  row.payload_bytes, row.acknowledged);
}

}  // namespace holdfast::bench::wire
