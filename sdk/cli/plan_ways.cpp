#include "plan_ways.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include <holdfast/limits.hpp>

#include "payload/envelope.hpp"

namespace holdfast::cli {
namespace {

using namespace std::chrono_literals;
using economics::Cost;
using economics::Path;
using economics::Profile;
using Seconds = std::chrono::duration<double>;

// What cannot be computed was measured over IPv4 with TCP timestamps (docs/BENCHMARKS.md,
// tests/bench/wire and tests/bench/handshake): bytes up and down, packets up and down.
struct Measured {
  double bytes;
  double packets;
};

// HTTPS POST without its body by curl to nginx, TLS 1.3, leaf and intermediate RSA-2048.
constexpr Measured kHttpsPost{5'821, 21};
// The same on a connection that is kept, HTTP/1.1.
constexpr Measured kHttpsKeptPost{473, 3};
// libmosquitto: every set-up is a full one; an end in order.
constexpr Measured kPlainSetUp{2'541, 13};
constexpr Measured kPlainClosing{320, 6};
// The broker's TCP acknowledges a ping that stands alone before it is answered.
constexpr Measured kPlainPing{256, 5};
// Holdfast at a mosquitto with a P-256 key, tickets and CONNACK included.
constexpr Measured kFullSetUp{2'113, 11};
constexpr Measured kResumedSetUp{1'472, 9};
constexpr double kResumedTlsBytes = 638 + 255;  // of it: handshake and ticket
constexpr Measured kClosing{static_cast<double>(limits::kCloseIpBytes), 3};
// Both families of addresses asked of a name server on the way.
constexpr Measured kLookup{284, 4};

// libmosquitto's default.
constexpr auto kPlainKeepAlive = 60s;
// A device proves a key again at the latest after so long (`Resumption::max_age`).
constexpr auto kFullSetUpEvery = std::chrono::hours(24 * 7);

// A `Series`: what it begins with, and what each value took in the drive of docs/BENCHMARKS.md.
constexpr double kSeriesHead = 43;
constexpr double kSeriesHeadPerChannel = 6;
constexpr double kSeriesValue = 1.05;

// A measured exchange on this path: its headers are other ones. Up and down are not told apart.
Cost on_path(const Measured& measured, const Path& path, double more_bytes = 0) {
  const double header = static_cast<double>(path.header_bytes());
  const double bytes =
      measured.bytes - measured.packets * static_cast<double>(Path().header_bytes());
  const double segments =
      std::max(0.0, std::ceil(more_bytes / static_cast<double>(path.segment_payload_bytes())) - 1);
  const double packets = measured.packets + 1.5 * segments;
  return {.bytes_up = bytes + more_bytes + packets * header, .packets_up = packets};
}

// How long from one ping to the next where a gap between messages holds so many of them.
Seconds ping_every(std::chrono::milliseconds gap, std::chrono::milliseconds each) {
  if (each <= 0ms || gap <= each) return Seconds(0);
  const auto pings = (gap - 1ms) / each;
  return Seconds(gap) / pings;
}

Profile https_post(const Plan& plan) {
  return {.message = on_path(kHttpsPost, plan.path, static_cast<double>(plan.payload_bytes))};
}

Profile https_kept(const Plan& plan) {
  const auto body = static_cast<double>(plan.payload_bytes);
  Profile profile{.message = on_path(kHttpsKeptPost, plan.path, body)};
  // A POST that connects is both, so the difference is what connecting takes.
  profile.full_set_up = on_path(
      {kHttpsPost.bytes - kHttpsKeptPost.bytes, kHttpsPost.packets - kHttpsKeptPost.packets},
      plan.path);
  profile.set_up = profile.full_set_up;
  profile.lookup = on_path(kLookup, plan.path);
  return profile;
}

Profile plain_mqtt(const Plan& plan) {
  const auto gap = std::chrono::milliseconds(plan.workload.every);
  // At QoS 0 nothing comes back, so that it pings all the same.
  const Seconds pings =
      plan.acknowledged ? ping_every(gap, kPlainKeepAlive) : Seconds(kPlainKeepAlive);
  return {.message = economics::least_message(plan.path, plan.topic_bytes, plan.payload_bytes,
                                              plan.acknowledged),
          .full_set_up = on_path(kPlainSetUp, plan.path),
          .set_up = on_path(kPlainSetUp, plan.path),
          .lookup = on_path(kLookup, plan.path),
          .closing = on_path(kPlainClosing, plan.path),
          .ping = on_path(kPlainPing, plan.path),
          .ping_every = pings};
}

Profile holdfast_of(const Plan& plan, const BatchSize& batch, bool acknowledged) {
  const auto readings = static_cast<double>(batch.readings);
  const auto gap = std::chrono::milliseconds(
      static_cast<std::int64_t>(static_cast<double>(plan.workload.every.count()) * readings));
  Measured resumed = kResumedSetUp;
  if (plan.measured.set_up_tls_bytes) {
    resumed.bytes += *plan.measured.set_up_tls_bytes - kResumedTlsBytes;
  }
  Profile profile{.readings_per_message = readings,
                  .message = economics::least_message(plan.path, plan.topic_bytes,
                                                      batch.payload_bytes, acknowledged),
                  .full_set_up = on_path(kFullSetUp, plan.path),
                  .set_up = on_path(resumed, plan.path),
                  .full_set_up_every = kFullSetUpEvery,
                  .closing = on_path(kClosing, plan.path),
                  .ping = economics::ping(plan.path),
                  .ping_every = ping_every(gap, plan.reachable_within)};
  // Otherwise it dials the address that it knows.
  if (plan.measured.lookup_bytes) profile.lookup = {.bytes_up = *plan.measured.lookup_bytes};
  return profile;
}

std::size_t envelope_bytes(std::size_t readings, std::size_t body) {
  const std::vector<std::byte> bytes(body, std::byte{1});
  const std::vector<std::span<const std::byte>> bodies(readings, bytes);
  const Origin origin{std::numeric_limits<std::uint64_t>::max(), 1'000'000, 0};
  return payload::write_envelope(origin, bodies).size();
}

std::size_t message_bytes(const Plan& plan, std::size_t readings) {
  if (plan.channels == 0) return envelope_bytes(readings, plan.payload_bytes);
  const auto channels = static_cast<double>(plan.channels);
  return static_cast<std::size_t>(
      std::ceil(kSeriesHead + kSeriesHeadPerChannel * channels +
                kSeriesValue * (channels + 1) * static_cast<double>(readings)));
}

}  // namespace

BatchSize batch_of(const Plan& plan) {
  const auto wanted = static_cast<std::size_t>(
      std::max<std::int64_t>(1, plan.delay.count() / plan.workload.every.count()));
  // Both forms grow by about the same for each reading, so halving finds the most that fit.
  std::size_t fit = 1;
  std::size_t too_many = wanted + 1;
  while (too_many - fit > 1) {
    const std::size_t middle = fit + (too_many - fit) / 2;
    (message_bytes(plan, middle) <= limits::kBatchBytes ? fit : too_many) = middle;
  }
  return {fit, message_bytes(plan, fit)};
}

std::vector<Way> ways_of(const Plan& plan) {
  std::vector<Way> ways;
  const auto add = [&](std::string name, std::string id, Profile profile) {
    // What is lost on the way is sent again, whoever sends it.
    for (Cost* cost : {&profile.message, &profile.full_set_up, &profile.set_up, &profile.closing,
                       &profile.ping}) {
      *cost = (1 + plan.measured.repeated_share) * *cost;
    }
    ways.push_back(
        {std::move(name), std::move(id), profile, economics::month_of(plan.workload, profile)});
  };
  const std::string qos = plan.acknowledged ? ", QoS 1" : ", QoS 0";
  add("HTTPS POST, a connection each", "https_post", https_post(plan));
  add("HTTPS POST, connection kept", "https_kept", https_kept(plan));
  add("MQTT over TLS, libmosquitto" + qos, "mqtt_tls", plain_mqtt(plan));
  add("Holdfast, a message a reading" + qos, "holdfast",
      holdfast_of(plan, {1, plan.payload_bytes}, plan.acknowledged));
  if (plan.delay > 0ms) {
    const BatchSize batch = batch_of(plan);
    const std::string form = plan.channels > 0 ? " of a Series" : "";
    add("Holdfast, " + std::to_string(batch.readings) + form + " a message, QoS 1",
        "holdfast_delayed", holdfast_of(plan, batch, true));
  }
  return ways;
}

}  // namespace holdfast::cli
