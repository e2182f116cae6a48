// What the golden bytes of version 0.1.0 mean. Templates, because the same content is put into the
// types of that version and into today's. Never edited after the release.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <flatbuffers/flatbuffers.h>

namespace holdfast::evolution::v0_1_0 {

template <std::size_t N>
std::array<std::uint8_t, N> counting(std::uint8_t first) {
  std::array<std::uint8_t, N> bytes{};
  for (std::size_t n = 0; n < N; ++n) bytes[n] = static_cast<std::uint8_t>(first + n);
  return bytes;
}

/// A struct around an array: a Digest, a RootKey.
template <class T>
T of_bytes(std::uint8_t first) {
  const auto bytes = counting<sizeof(T)>(first);
  return T(flatbuffers::span<const std::uint8_t, sizeof(T)>(bytes));
}

/// Sets a member that is there or not.
template <class T, class... Arguments>
void put(std::unique_ptr<T>& member, Arguments&&... arguments) {
  member = std::make_unique<T>(std::forward<Arguments>(arguments)...);
}

template <class T>
void put_bytes(std::unique_ptr<T>& member, std::uint8_t first) {
  member = std::make_unique<T>(of_bytes<T>(first));
}

template <class T>
void add_bytes(std::vector<T>& member, std::uint8_t first) {
  member.push_back(of_bytes<T>(first));
}

/// Tables in vectors and members are pointers.
template <class T>
T& add_table(std::vector<std::unique_ptr<T>>& member) {
  member.push_back(std::make_unique<T>());
  return *member.back();
}

template <class T>
void fill_budget_state(T& state) {
  state.month_begins = 1'793'491'200;
  state.used = 123'456'789'012;
  state.undated = 4'567;
  state.elapsed = 2'000'000;
  state.told = 5;
  state.step = 3;
  state.last_month_begins = 1'790'812'800;
  state.last_month_used = 99;
  state.last_month_told = 7;
}

template <class T>
void fill_envelope(T& envelope) {
  envelope.epoch = 0xFEDC'BA98'7654'3210;
  envelope.sequence = 4'000'000'001;
  envelope.body = {1, 2, 3, 0, 255, 128};
}

template <class T>
void fill_idle_state(T& state) {
  auto& first = add_table(state.networks);
  first.network = 0x0123'4567'89AB'CDEF;
  first.probe = 240;
  first.ceiling = 900;
  first.closed_at = 600;
  first.ping = 55;
  first.survived = 12;
  first.deaths = 1;
  add_table(state.networks).network = 2;
}

template <class T>
void fill_account(T& account, std::uint64_t first) {
  account.connections = first;
  account.segments_up = first + 1;
  account.segments_down = first + 2;
  account.bytes_up = {first + 3, 0, first + 4};
  account.bytes_down = {first + 5};
}

template <class T>
void fill_ledger(T& ledger) {
  put(ledger.installation);
  fill_account(*ledger.installation, 1'000'000'000'000);
  put(ledger.unknown_day);
  fill_account(*ledger.unknown_day, 10);
  auto& day = add_table(ledger.days);
  day.day = 20'784;
  put(day.account);
  fill_account(*day.account, 500);
}

template <class T>
void fill_pin_report(T& report) {
  report.refusals = 3;
  put_bytes(report.last_refused, 1);
  report.pin_set_version = 17;
  report.proven = true;
  put_bytes(report.vouching, 33);
  auto& candidate = add_table(report.candidates);
  put_bytes(candidate.pin, 65);
  candidate.matches = true;
  put_bytes(add_table(report.candidates).pin, 97);
}

template <class T>
T signature_of(std::uint8_t first) {
  using Key = std::decay_t<decltype(std::declval<T>().key())>;
  const auto value = counting<64>(static_cast<std::uint8_t>(first + 32));
  return T(of_bytes<Key>(first), flatbuffers::span<const std::uint8_t, 64>(value));
}

template <class T>
void add_signature(std::vector<T>& signatures, std::uint8_t first) {
  signatures.push_back(signature_of<T>(first));
}

/// The root, and by it the bytes of what is signed: `fill_pins` and `fill_roots` have golden bytes
/// of their own only inside of it.
template <class T>
void fill_pin_set(T& set) {
  set.pins = {9, 8, 7};
  add_signature(set.signatures, 1);
  auto& roots = add_table(set.roots);
  roots.roots = {6, 5};
  add_signature(roots.signatures, 100);
  add_signature(roots.signatures, 200);
}

template <class T>
void fill_ticket_store(T& store) {
  auto& peer = add_table(store.peers);
  peer.host = "broker.example.com";
  peer.port = 8883;
  peer.server_name = "sni.example.com";
  peer.alpn = "mqtt";
  peer.trust = 1;
  peer.authorities = {1, 2, 3};
  peer.identity = {4, 5};
  peer.library = 0x0505'4000;
  peer.pin_set_version = 18;
  add_bytes(peer.proven, 7);
  peer.session = {10, 11, 12, 13};
  peer.lifetime = 7'200;
  put(peer.received, 1U, 2U, 3U, 4U);
  peer.offers = 2;
  put(peer.full, 5U, 6U, 7U, 8U);
  put(peer.seen, 9U, 10U, 11U, 12U);
  peer.lived = 86'400;
  peer.resumptions = 21;
  peer.cost_with_ticket = 640;
  peer.cost_without = 936;
  peer.since_look = 4;
  peer.refused_in_a_row = 1;
}

template <class T>
void fill_trust_state(T& state) {
  state.floor = 20;
  state.content = {3, 1, 4};
  state.is_signed = true;
  state.proven = true;
  state.fallback_version = 19;
  add_bytes(state.fallback, 50);
  state.roots = {1, 5, 9};
  state.time_floor = 1'795'478'401;
  state.refused_for = 60;
}

template <class T>
void fill_board_reading(T& reading) {
  reading.time_ms = 1'795'478'400'123;
  reading.uptime_ms = 987'654'321;
  reading.cpu_permille = 250;
  reading.load1_hundredths = 0;  // is there, and 0
  put(reading.memory_kib, 100'000U, 500'000U);
  put(reading.network, 5'000'000'000U, 6'000'000'000U);
  put(reading.disk_mib, 7'000U, 30'000U);
  using Temperature = typename std::decay_t<decltype(reading.temperatures)>::value_type;
  constexpr std::array<std::uint8_t, 12> kName{'c', 'p', 'u'};
  reading.temperatures.push_back(
      Temperature(-5'500, flatbuffers::span<const std::uint8_t, 12>(kName)));
  put(reading.swap_kib, 1U, 2U);
}

template <class T>
void fill_command(T& command) {
  command.id = 4'000'000'000;
  command.verb = "öffnen";
  command.argument = "door 2";
}

template <class T>
void fill_reading(T& reading) {
  reading.time_ms = 1'795'478'400'000;
  reading.lat_e7 = -337'654'321;
  reading.lon_e7 = 1'512'345'678;
  reading.speed_cm_s = 65'535;
  reading.heading_cdeg = 35'999;
  reading.fuel_permille = 1;
}

}  // namespace holdfast::evolution::v0_1_0
