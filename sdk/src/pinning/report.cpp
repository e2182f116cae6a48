#include "pinning/report.hpp"

#include <holdfast/payload.hpp>

#include "pin_report_generated.h"
#include "pinning/wire.hpp"

namespace holdfast::pinning {

std::vector<std::byte> encode_report(const PinReport& report) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<wire::CandidateResult>> candidates;
  for (const auto& [pin, matches] : report.candidates) {
    const wire::Digest digest = to_wire(std::vector<Pin>{pin}).front();
    candidates.push_back(wire::CreateCandidateResult(builder, &digest, matches));
  }
  const auto results = builder.CreateVector(candidates);
  const wire::Digest vouching = to_wire(std::vector<Pin>{report.vouching}).front();
  std::optional<wire::Digest> refused;
  if (report.last_refused) refused = to_wire(std::vector<Pin>{*report.last_refused}).front();
  builder.Finish(wire::CreatePinReport(builder, report.refusals, refused ? &*refused : nullptr,
                                       report.pin_set_version, report.proven, &vouching, results),
                 Schema<wire::PinReport>::identifier.data());
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

}  // namespace holdfast::pinning
