#include "session/idle_state.hpp"

#include <flatbuffers/flatbuffers.h>

#include <holdfast/payload.hpp>

#include "idle_state_generated.h"

namespace holdfast::session {
namespace {

std::uint32_t number(std::chrono::seconds time) {
  return static_cast<std::uint32_t>(time.count());
}

}  // namespace

std::vector<std::uint8_t> encode_idle_state(const std::vector<IdleRecords::Row>& rows) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<wire::IdleNetwork>> networks;
  networks.reserve(rows.size());
  for (const auto& [network, record] : rows) {
    networks.push_back(wire::CreateIdleNetwork(
        builder, network, number(record.probe), number(record.ceiling), number(record.closed_at),
        number(record.ping), record.survived, record.deaths));
  }
  builder.Finish(wire::CreateIdleState(builder, builder.CreateVector(networks)),
                 Schema<wire::IdleState>::identifier.data());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

std::optional<std::vector<IdleRecords::Row>> decode_idle_state(std::span<const std::uint8_t> bytes,
                                                               std::string& why) {
  std::error_code error;
  const auto* table = verify<wire::IdleState>(std::as_bytes(bytes), error);
  if (table == nullptr) {
    why = "it is not a state of idle intervals: " + error.message();
    return std::nullopt;
  }
  std::vector<IdleRecords::Row> rows;
  if (table->networks() == nullptr) return rows;
  for (const auto* network : *table->networks()) {
    if (rows.size() == limits::kLearnedNetworks) break;
    rows.push_back({.network = network->network(),
                    .record = {.probe = std::chrono::seconds(network->probe()),
                               .ceiling = std::chrono::seconds(network->ceiling()),
                               .closed_at = std::chrono::seconds(network->closed_at()),
                               .ping = std::chrono::seconds(network->ping()),
                               .survived = network->survived(),
                               .deaths = network->deaths()}});
    rows.back().record.bound();
  }
  return rows;
}

}  // namespace holdfast::session
