#include "pinning/document_writer.hpp"

#include <flatbuffers/flatbuffers.h>

#include "pinning/wire.hpp"

namespace holdfast::pinning {
namespace {

using flatbuffers::FlatBufferBuilder;

std::vector<std::uint8_t> take(const FlatBufferBuilder& builder) {
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

}  // namespace

std::vector<std::uint8_t> encode_pins(const PinList& list) {
  FlatBufferBuilder builder;
  const auto pins = builder.CreateVectorOfStructs(to_wire(list.pins));
  const auto revoked = builder.CreateVectorOfStructs(to_wire(list.revoked));
  const auto candidates = builder.CreateVectorOfStructs(to_wire(list.candidates));
  builder.Finish(wire::CreatePins(builder, list.version, list.roots_version, list.issued,
                                  list.expires, static_cast<std::uint32_t>(list.spread.count()),
                                  pins, revoked, candidates));
  return take(builder);
}

std::vector<std::uint8_t> encode_roots(const Roots& roots) {
  FlatBufferBuilder builder;
  const auto keys = builder.CreateVectorOfStructs(to_wire(roots.keys));
  builder.Finish(
      wire::CreateRoots(builder, roots.version, static_cast<std::uint8_t>(roots.threshold), keys));
  return take(builder);
}

std::vector<std::uint8_t> encode_document(const Document& document) {
  FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<wire::SignedRoots>> changes;
  for (const SignedRoots& change : document.roots) {
    const auto content = builder.CreateVector(change.content);
    const auto signatures = builder.CreateVectorOfStructs(to_wire(change.signatures));
    changes.push_back(wire::CreateSignedRoots(builder, content, signatures));
  }
  const auto roots = builder.CreateVector(changes);
  const auto content = builder.CreateVector(document.content);
  const auto signatures = builder.CreateVectorOfStructs(to_wire(document.signatures));
  builder.Finish(wire::CreatePinSet(builder, content, signatures, roots),
                 Schema<wire::PinSet>::identifier.data());
  return take(builder);
}

}  // namespace holdfast::pinning
